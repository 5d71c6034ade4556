//! Accepting messages: W-5, W-19, W-32, W-36, W-46.

use std::collections::HashSet;

use clawstead_domain::config::QueuePolicy;
use clawstead_domain::conversation::Enqueue;
use clawstead_operations::{configs, queue};
use futures::executor::block_on;

use crate::world::{World, code, command, ending};

fn told(conversation: &str, external_id: &str) -> Enqueue {
    Enqueue { external_id: Some(external_id.to_owned()), ..command(conversation, "hi") }
}

#[test]
fn w5_what_a_provider_says_twice_is_accepted_once() {
    let world = World::new();
    let first = world.enqueue_as(&told("c", "41"), None).unwrap();
    world.pass(5_000);
    let again = world.enqueue_as(&told("c", "41"), Some("another key")).unwrap();
    assert_eq!((&again.message_id, again.repeated), (&first.message_id, true));
    let of_another_provider = Enqueue { provider: "app".to_owned(), ..told("c", "41") };
    for other in [told("c", "42"), told("d", "41"), of_another_provider] {
        assert!(!world.enqueue_as(&other, None).unwrap().repeated);
    }
    assert_eq!(world.rows("SELECT 1 FROM messages").len(), 4);
}

#[test]
fn w5_the_first_outcome_is_given_also_when_the_message_has_ended_or_its_agent_is_off() {
    let world = World::new();
    let first = world.enqueue_as(&told("c", "41"), Some("k")).unwrap().message_id;
    let worker = world.worker();
    let job = world.claim(&worker).unwrap();
    block_on(queue::complete(&world.cx(), ending(&worker, &job))).unwrap();
    assert_eq!(world.enqueue_as(&told("c", "41"), None).unwrap().message_id, first);
    world.agent("a", false);
    assert_eq!(world.enqueue_as(&told("c", "41"), None).unwrap().message_id, first);
    assert_eq!(world.enqueue_as(&told("c", "43"), Some("k")).unwrap().message_id, first);
    assert_eq!(code(world.enqueue_as(&told("c", "43"), None)), "agent_disabled");
}

#[test]
fn w5_an_idempotency_key_is_for_one_request() {
    let world = World::new();
    let hashed = |hash: &str| Enqueue { request_hash: Some(hash.to_owned()), ..command("c", "hi") };
    let first = world.enqueue_as(&hashed("one"), Some("k")).unwrap();
    assert_eq!(world.enqueue_as(&hashed("one"), Some("k")).unwrap().message_id, first.message_id);
    assert_eq!(code(world.enqueue_as(&hashed("two"), Some("k"))), "idempotency_key_reused");
    assert_eq!(world.rows("SELECT 1 FROM messages").len(), 1);
}

/// A provider's message that comes again uses its key up, too: the key cannot come once more with another.
#[test]
fn w5_a_key_that_came_with_a_known_message_is_for_that_one_alone() {
    let world = World::new();
    let hashed = |external_id: &str| Enqueue { request_hash: Some(external_id.to_owned()), ..told("c", external_id) };
    let first = world.enqueue_as(&hashed("41"), None).unwrap().message_id;
    for _ in 0..2 {
        assert_eq!(world.enqueue_as(&hashed("41"), Some("k")).unwrap().message_id, first);
    }
    assert_eq!(code(world.enqueue_as(&hashed("42"), Some("k"))), "idempotency_key_reused");
    assert_eq!(world.enqueue_as(&told("c", "42"), Some("k")).unwrap().message_id, first, "nothing to compare: the first outcome");
    assert_eq!(world.rows("SELECT 1 FROM messages").len(), 1);
    world.agent("a", false);
    assert_eq!(world.enqueue_as(&hashed("41"), Some("k2")).unwrap().message_id, first);
    assert_eq!(code(world.enqueue_as(&hashed("43"), Some("k2"))), "idempotency_key_reused");
}

#[test]
fn w19_numbers_that_cannot_be_are_refused() {
    let world = World::new();
    let cases = [
        Enqueue { priority: Some(-1), ..command("c", "hi") },
        Enqueue { priority: Some(101), ..command("c", "hi") },
        Enqueue { max_attempts: Some(0), ..command("c", "hi") },
        Enqueue { max_attempts: Some(-5), ..command("c", "hi") },
        Enqueue { scheduled_for: Some(-1), ..command("c", "hi") },
        Enqueue { scheduled_for: Some(i64::MAX), ..command("c", "hi") },
    ];
    for case in cases {
        assert_eq!(code(world.enqueue_as(&case, None)), "invalid_field", "{case:?}");
    }
    assert_eq!(world.rows("SELECT 1 FROM messages").len(), 0);
}

#[test]
fn w32_conversations_of_users_do_not_collide() {
    let world = World::new();
    let bind = |user: &str| {
        let wanted = clawstead_domain::binding::Bind {
            consumer_user_id: user.to_owned(),
            agent_key: "a".to_owned(),
            account: None,
            ..clawstead_domain::binding::Bind::default()
        };
        block_on(clawstead_operations::bindings::make(&world.cx(), &wanted, None)).unwrap().binding.conversation_id
    };
    assert_ne!(bind("x:y"), bind("x"));
}

#[test]
fn w36_leases_and_messages_have_ids_that_nobody_guesses() {
    let world = World::new();
    let worker = world.worker();
    let mut random = HashSet::new();
    for n in 0..20 {
        world.enqueue(&format!("c{n}"), "hi");
        let lease_id = world.claim(&worker).unwrap().lease_id;
        // A time-sorted id: the instant, then the random part.
        random.insert(lease_id[lease_id.len() - 16..].to_owned());
    }
    assert_eq!(random.len(), 20);
}

#[test]
fn w46_a_flood_is_refused_and_what_has_ended_makes_room() {
    let world = World::new();
    let limits = QueuePolicy { conversation_messages_max: 2, agent_messages_max: 3, ..QueuePolicy::default() };
    block_on(configs::set(&world.cx(), &limits)).unwrap();
    world.enqueue_as(&told("c", "1"), Some("k")).unwrap();
    world.enqueue("c", "2");
    assert_eq!(code(world.enqueue_as(&command("c", "3"), None)), "conversation_full");
    assert!(world.enqueue_as(&told("c", "1"), None).unwrap().repeated, "a repeat is no new message");
    assert!(world.enqueue_as(&command("c", "3"), Some("k")).unwrap().repeated);
    world.enqueue("d", "3");
    assert_eq!(code(world.enqueue_as(&command("e", "4"), None)), "agent_full");
    let of_another = Enqueue { agent_key: "b".to_owned(), ..command("f", "hi") };
    world.enqueue_as(&of_another, None).unwrap();
    let worker = world.worker();
    let job = world.claim(&worker).unwrap();
    assert_eq!(code(world.enqueue_as(&command("c", "3"), None)), "conversation_full", "in flight counts too");
    block_on(queue::complete(&world.cx(), ending(&worker, &job))).unwrap();
    world.enqueue("c", "3");
}
