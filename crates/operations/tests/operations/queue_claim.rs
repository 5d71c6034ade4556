//! Who gets which message.

use clawstead_domain::conversation::Enqueue;
use clawstead_domain::worker::WorkerEvent;
use clawstead_operations::queue;
use clawstead_operations::workers::Registered;
use futures::executor::block_on;

use crate::world::{World, command, ending};

fn complete_next(world: &World, worker: &Registered) -> String {
    let job = world.claim(worker).unwrap();
    block_on(queue::complete(&world.cx(), ending(worker, &job))).unwrap();
    job.conversation_id
}

#[test]
fn a_worker_keeps_its_conversation() {
    let world = World::new();
    let (one, two) = (world.worker(), world.worker());
    world.enqueue("c1", "1");
    assert_eq!(complete_next(&world, &one), "c1");
    world.enqueue("c2", "older than the next of c1");
    world.pass(1);
    world.enqueue("c1", "2");
    assert_eq!(complete_next(&world, &two), "c2");
    assert!(world.claim(&two).is_none(), "c1 has an owner that is there");
    assert_eq!(complete_next(&world, &one), "c1");
}

#[test]
fn a_worker_that_finds_its_own_conversation_empty_takes_another_and_lets_go() {
    let world = World::new();
    let (one, two) = (world.worker(), world.worker());
    world.enqueue("c1", "1");
    complete_next(&world, &one);
    world.enqueue("c2", "1");
    assert_eq!(complete_next(&world, &one), "c2");
    world.enqueue("c1", "2");
    assert_eq!(complete_next(&world, &two), "c1");
}

#[test]
fn the_conversation_of_a_silent_worker_is_handed_over() {
    let world = World::new();
    let (one, two) = (world.worker(), world.worker());
    world.enqueue("c", "1");
    complete_next(&world, &one);
    world.enqueue("c", "2");
    world.pass(59_999);
    assert!(world.claim(&two).is_none());
    world.pass(1);
    assert_eq!(complete_next(&world, &two), "c");
    world.enqueue("c", "3");
    assert!(world.claim(&one).is_none(), "it was handed over");
    assert_eq!(complete_next(&world, &two), "c");
}

#[test]
fn a_draining_worker_gets_nothing_and_keeps_nothing() {
    let world = World::new();
    let (one, two) = (world.worker(), world.worker());
    world.enqueue("c", "1");
    complete_next(&world, &one);
    world.enqueue("c", "2");
    let before = world.call(&one).unwrap();
    world.drain(&one.worker_id);
    assert!(world.claim(&one).is_none());
    assert!(!block_on(queue::has_queued(&world.cx(), &world.call(&one).unwrap(), "c")).unwrap());
    let as_it_was = block_on(queue::claim(&world.cx(), &before, None)).unwrap();
    assert!(as_it_was.is_none(), "the database knows, also when the facts are old");
    assert_eq!(complete_next(&world, &two), "c");
}

#[test]
fn a_stopped_worker_is_nobody() {
    let world = World::new();
    let worker = world.worker();
    world.append_to_worker(&worker.worker_id, &WorkerEvent::WorkerStopped {});
    assert!(world.call(&worker).is_none());
}

#[test]
fn conversations_are_served_by_waiting_time_and_priority() {
    let world = World::new();
    world.enqueue("patient", "50 points");
    world.pass(10_000);
    let priority = |conversation: &str, points| {
        world.enqueue_as(&Enqueue { priority: Some(points), ..command(conversation, "hi") }, None).unwrap();
    };
    priority("urgent", 61);
    priority("less-urgent", 59);
    priority("low", 0);
    let order: Vec<_> = (0..4).map(|_| world.claim(&world.worker()).unwrap().conversation_id).collect();
    assert_eq!(order, ["urgent", "patient", "less-urgent", "low"]);
}

#[test]
fn a_scheduled_message_waits_and_holds_back_what_is_behind_it() {
    let world = World::new();
    let worker = world.worker();
    let later = Enqueue { scheduled_for: Some(world.now() + 100_000), priority: Some(100), ..command("c", "later") };
    let later = world.enqueue_as(&later, None).unwrap();
    world.enqueue("c", "behind it");
    assert!(world.claim(&worker).is_none());
    assert!(block_on(queue::has_queued(&world.cx(), &world.call(&worker).unwrap(), "c")).unwrap(), "soon");
    world.pass(100_000);
    assert_eq!(world.claim(&worker).unwrap().message_id, later.message_id);
}

#[test]
fn messages_of_a_disabled_agent_wait() {
    let world = World::new();
    let worker = world.worker();
    world.enqueue("c", "hi");
    world.agent("a", false);
    assert!(world.claim(&worker).is_none());
    assert!(!block_on(queue::has_queued(&world.cx(), &world.call(&worker).unwrap(), "c")).unwrap());
    world.agent("a", true);
    assert!(world.claim(&worker).is_some());
}

#[test]
fn a_worker_may_ask_for_one_conversation_and_gets_no_other() {
    let world = World::new();
    let registered = world.worker();
    world.enqueue("c1", "hi");
    world.enqueue("c2", "hi");
    let worker = world.call(&registered).unwrap();
    let wanted = |conversation: &str| block_on(queue::claim(&world.cx(), &worker, Some(conversation))).unwrap();
    assert!(wanted("c3").is_none());
    assert_eq!(wanted("c2").unwrap().conversation_id, "c2");
    assert!(wanted("c2").is_none());
}
