//! Who gets which message: W-1, W-2, W-13, W-17, W-18.

use clawstead_domain::conversation::Enqueue;
use clawstead_operations::queue;
use futures::executor::block_on;

use crate::world::{World, code, command, ending};

#[test]
fn w1_a_crowded_conversation_starves_no_other() {
    let world = World::new();
    for n in 0..26 {
        world.enqueue("crowded", &n.to_string());
    }
    world.enqueue("quiet", "the youngest");
    let (one, two, three) = (world.worker(), world.worker(), world.worker());
    assert_eq!(world.claim(&one).unwrap().conversation_id, "crowded");
    let asking = world.call(&two).unwrap();
    let job = block_on(queue::claim(&world.cx(), &asking, Some("quiet"))).unwrap();
    assert_eq!(job.unwrap().conversation_id, "quiet", "asked for by name");
    world.enqueue("late", "hi");
    assert_eq!(world.claim(&three).unwrap().conversation_id, "late", "or by nobody's name");
}

#[test]
fn w2_priority_orders_conversations_and_never_reorders_inside_one() {
    let world = World::new();
    let with = |conversation: &str, text: &str, priority| {
        let command = Enqueue { priority: Some(priority), ..command(conversation, text) };
        world.enqueue_as(&command, None).unwrap().message_id
    };
    for n in 0..25 {
        with(&format!("patient-{n}"), "hi", 0);
    }
    let first = with("urgent", "first", 100);
    let second = with("urgent", "second", 100);
    let worker = world.worker();
    let job = world.claim(&worker).unwrap();
    assert_eq!(job.message_id, first, "ahead of 25 that are older");
    block_on(queue::fail(&world.cx(), ending(&worker, &job), "later")).unwrap();
    let rest: Vec<_> = (0..26).filter_map(|_| world.claim(&world.worker())).map(|job| job.message_id).collect();
    assert!(!rest.contains(&second), "a message that waits out its back-off is not overtaken");
    assert_eq!(world.status(&first), "queued");
}

#[test]
fn w2_a_schedule_in_the_past_does_not_jump_the_queue() {
    let world = World::new();
    world.enqueue("honest", "hi");
    world.pass(1);
    world.enqueue_as(&Enqueue { scheduled_for: Some(5), ..command("clever", "hi") }, None).unwrap();
    assert_eq!(world.claim(&world.worker()).unwrap().conversation_id, "honest");
}

#[test]
fn w13_a_worker_that_never_called_owns_nothing() {
    let world = World::new();
    let never = block_on(clawstead_operations::workers::register(&world.cx(), None)).unwrap();
    world.enqueue("c", "hi");
    assert_eq!(world.rows(&format!("SELECT 1 FROM conversations WHERE worker_id = '{}'", never.worker_id)).len(), 0);
    assert!(world.claim(&world.worker()).is_some());
}

#[test]
fn w17_what_nobody_could_ever_work_is_refused_at_the_door() {
    let world = World::new();
    world.enqueue("c", "hi");
    let of_another = Enqueue { agent_key: "b".to_owned(), ..command("c", "hi") };
    assert_eq!(code(world.enqueue_as(&of_another, None)), "conversation_of_another_agent");
    let of_nobody = Enqueue { agent_key: "nobody".to_owned(), ..command("d", "hi") };
    assert_eq!(code(world.enqueue_as(&of_nobody, None)), "agent_not_found");
}

#[test]
fn w18_one_worker_serves_all_conversations_in_turn() {
    let world = World::new();
    for conversation in ["a1", "a2", "a3"] {
        world.enqueue(conversation, "hi");
    }
    let worker = world.worker();
    let served: Vec<_> = (0..3)
        .map(|_| {
            let job = world.claim(&worker).unwrap();
            block_on(queue::complete(&world.cx(), ending(&worker, &job))).unwrap();
            job.conversation_id
        })
        .collect();
    assert_eq!(served, ["a1", "a2", "a3"]);
}
