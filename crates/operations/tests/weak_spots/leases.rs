//! Leases and signs of life: W-3, W-4, W-8, W-9, W-10, W-15, W-16, W-30.

use clawstead_operations::{queue, workers};
use futures::executor::block_on;

use crate::world::{World, code, ending};

#[test]
fn w3_a_conversation_never_has_two_in_flight_and_a_late_holder_does_nothing() {
    let world = World::new();
    let first = world.enqueue("c", "first").message_id;
    world.enqueue("c", "second");
    let (late, next) = (world.worker(), world.worker());
    let lost = world.claim(&late).unwrap();
    world.pass(91_000);
    assert!(world.claim(&late).is_none(), "its own lease has run out and is not taken back yet");
    assert!(world.claim(&next).is_none());
    assert_eq!(code(block_on(queue::complete(&world.cx(), ending(&late, &lost)))), "lease_expired");
    assert_eq!(world.recover(), 1);
    world.pass(2_000);
    let again = world.claim(&next).unwrap();
    assert_eq!(again.message_id, first, "the same message, and not the one behind it");
    assert!(world.claim(&late).is_none());
    for refused in [
        code(block_on(queue::heartbeat(&world.cx(), ending(&late, &lost)))),
        code(block_on(queue::complete(&world.cx(), ending(&late, &lost)))),
    ] {
        assert_eq!(refused, "lease_not_yours");
    }
    let epochs = world.rows("SELECT data ->> '$.epoch' FROM events WHERE type = 'MessageClaimed' ORDER BY position");
    assert_eq!(epochs, ["[Integer(1)]", "[Integer(2)]"], "a fence that only grows");
}

#[test]
fn w4_a_message_that_kills_its_workers_ends_and_waits_in_between() {
    let world = World::new();
    let poison = world.enqueue("c", "poison").message_id;
    let mut deliveries = 0;
    while world.status(&poison) != "dead_letter" {
        if world.claim(&world.worker()).is_some() {
            deliveries += 1;
            world.pass(90_000);
            world.recover();
        }
        world.pass(120_000);
        assert!(deliveries <= 5, "for ever");
    }
    let message = block_on(queue::message(&world.cx(), &poison)).unwrap();
    assert_eq!((message.deliveries, message.attempts), (5, 0), "deliveries are counted apart from failures");
    let waits = world.rows("SELECT 1 FROM events WHERE type = 'LeaseLost' AND data ->> '$.ready_at' > at");
    assert!(!waits.is_empty(), "at least one of five waits out a back-off");
}

#[test]
fn w8_taking_back_a_lease_is_no_sign_of_life() {
    let world = World::new();
    world.enqueue("c", "hi");
    let dead = world.worker();
    world.claim(&dead).unwrap();
    let seen = world.rows("SELECT * FROM worker_contacts");
    world.pass(90_000);
    assert_eq!(world.recover(), 1);
    assert_eq!(world.rows("SELECT * FROM worker_contacts"), seen);
}

#[test]
fn w9_an_empty_poll_is_a_sign_of_life_and_claim_and_control_agree() {
    let world = World::new();
    let worker = world.worker();
    for _ in 0..30 {
        world.pass(50_000);
        assert!(world.claim(&worker).is_none());
    }
    let listed = block_on(workers::list(&world.cx(), "", 10)).unwrap();
    assert_eq!(listed[0].last_seen_at, Some(world.now()));
    let takes_work = |world: &World| world.call(&worker).unwrap().state.takes_work();
    assert!(takes_work(&world));
    world.drain(&worker.worker_id);
    world.enqueue("c", "hi");
    assert!(!takes_work(&world) && world.claim(&worker).is_none());
}

#[test]
fn w10_the_load_of_a_worker_is_what_it_has_in_flight() {
    let world = World::new();
    let worker = world.worker();
    let load = |world: &World| block_on(workers::list(&world.cx(), "", 10)).unwrap()[0].load;
    world.enqueue("c", "hi");
    assert_eq!(load(&world), 0);
    let job = world.claim(&worker).unwrap();
    assert_eq!(load(&world), 1);
    block_on(queue::complete(&world.cx(), ending(&worker, &job))).unwrap();
    block_on(queue::complete(&world.cx(), ending(&worker, &job))).unwrap();
    assert_eq!(load(&world), 0);
}

#[test]
fn w15_a_worker_is_idle_from_the_end_of_its_job_however_that_ended() {
    let world = World::new();
    let worker = world.worker();
    let ended_at = || world.rows("SELECT last_ended_at FROM workers");
    world.enqueue("c", "a long job");
    let job = world.claim(&worker).unwrap();
    for _ in 0..40 {
        world.pass(60_000);
        block_on(queue::heartbeat(&world.cx(), ending(&worker, &job))).unwrap();
    }
    block_on(queue::complete(&world.cx(), ending(&worker, &job))).unwrap();
    assert_eq!(ended_at(), [format!("[Integer({})]", world.now())]);
    world.enqueue("c", "withdrawn");
    let job = world.claim(&worker).unwrap();
    world.pass(5_000);
    block_on(queue::cancel(&world.cx(), &job.message_id)).unwrap();
    assert_eq!(ended_at(), [format!("[Integer({})]", world.now())]);
}

#[test]
fn w16_a_message_in_flight_without_a_lease_cannot_be() {
    let world = World::new();
    world.enqueue("c", "hi");
    world.claim(&world.worker()).unwrap();
    let halves = "SELECT m.message_id FROM messages m LEFT JOIN leases l ON l.message_id = m.message_id \
                  WHERE (m.status = 'processing') <> (l.lease_id IS NOT NULL AND l.expires_at IS NOT NULL AND l.worker_id IS NOT NULL)";
    assert_eq!(world.rows(halves), Vec::<String>::new());
}

#[test]
fn w30_a_worker_is_known_by_its_token_alone() {
    let world = World::new();
    for token in ["", "worker-1", "cwk_0000000000000000000000000000000000000000000"] {
        assert!(block_on(workers::by_token(&world.cx(), token)).unwrap().is_none());
    }
    assert_eq!(world.rows("SELECT * FROM workers"), Vec::<String>::new());
}
