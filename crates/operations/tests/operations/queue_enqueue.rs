//! Accepting messages.

use clawstead_domain::conversation::Enqueue;
use clawstead_operations::queue;
use futures::executor::block_on;

use crate::world::{World, code, command};

#[test]
fn the_same_key_gives_the_same_message() {
    let world = World::new();
    let first = world.enqueue_as(&command("c", "hi"), Some("k")).unwrap();
    world.pass(5_000);
    let again = world.enqueue_as(&command("c", "something else"), Some("k")).unwrap();
    assert_eq!((again.message_id.as_str(), again.repeated), (first.message_id.as_str(), true));
    let other = world.enqueue_as(&command("c", "hi"), Some("k2")).unwrap();
    assert_ne!(other.message_id, first.message_id);
    assert_eq!(block_on(queue::stats(&world.cx())).unwrap().queued_ready, 2);
}

#[test]
fn what_was_accepted_stays_accepted_when_the_agent_is_disabled() {
    let world = World::new();
    let first = world.enqueue_as(&command("c", "hi"), Some("k")).unwrap();
    world.agent("a", false);
    assert_eq!(world.enqueue_as(&command("c", "hi"), Some("k")).unwrap().message_id, first.message_id);
    assert_eq!(code(world.enqueue_as(&command("c", "hi"), Some("new"))), "agent_disabled");
    assert_eq!(code(world.enqueue_as(&command("c", "hi"), None)), "agent_disabled");
}

#[test]
fn a_conversation_belongs_to_one_agent() {
    let world = World::new();
    world.enqueue("c", "hi");
    let stray = Enqueue { agent_key: "b".to_owned(), ..command("c", "hi") };
    assert_eq!(code(world.enqueue_as(&stray, None)), "conversation_of_another_agent");
    let unknown = Enqueue { agent_key: "z".to_owned(), ..command("d", "hi") };
    assert_eq!(code(world.enqueue_as(&unknown, None)), "agent_not_found");
    assert_eq!(world.rows("SELECT 1 FROM messages").len(), 1);
}

#[test]
fn a_refused_message_leaves_nothing() {
    let world = World::new();
    let (views, head) = (world.views(), block_on(world.ledger.head()).unwrap());
    assert_eq!(code(world.enqueue_as(&command("c", " "), Some("k"))), "invalid_field");
    assert_eq!((world.views(), block_on(world.ledger.head()).unwrap()), (views, head));
}

#[test]
fn messages_of_a_conversation_are_worked_in_the_order_they_came() {
    let world = World::new();
    let ids: Vec<_> = (0..5).map(|n| world.enqueue("c", &n.to_string()).message_id).collect();
    let urgent = Enqueue { priority: Some(100), ..command("c", "urgent") };
    let urgent = world.enqueue_as(&urgent, None).unwrap().message_id;
    let worker = world.worker();
    for expected in ids.iter().chain([&urgent]) {
        let job = world.claim(&worker).unwrap();
        assert_eq!(job.message_id, *expected);
        assert!(world.claim(&worker).is_none(), "one at a time");
        block_on(queue::complete(&world.cx(), crate::world::ending(&worker, &job))).unwrap();
    }
}
