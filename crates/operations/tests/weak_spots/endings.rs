//! How messages end, wait and come back: W-7, W-20, W-21.

use std::collections::HashSet;

use clawstead_domain::conversation::Enqueue;
use clawstead_operations::queue::{self, Which};
use futures::executor::block_on;

use crate::world::{World, code, command, ending};

/// A message that was given up, with its text.
fn dead_letter(world: &World, conversation: &str, text: &str) -> String {
    let once = Enqueue { max_attempts: Some(1), ..command(conversation, text) };
    let message_id = world.enqueue_as(&once, None).unwrap().message_id;
    let worker = world.worker();
    let call = world.call(&worker).unwrap();
    let job = block_on(queue::claim(&world.cx(), &call, Some(conversation))).unwrap().unwrap();
    assert!(block_on(queue::fail(&world.cx(), ending(&worker, &job), "boom")).unwrap().dead_lettered);
    world.drain(&worker.worker_id);
    message_id
}

#[test]
fn w7_everything_that_waits_is_due_at_an_instant() {
    let world = World::new();
    let later = Enqueue { scheduled_for: Some(world.now() + 70_000), ..command("scheduled", "hi") };
    let message_id = world.enqueue_as(&later, None).unwrap().message_id;
    world.enqueue("retried", "hi");
    let worker = world.worker();
    let job = world.claim(&worker).unwrap();
    let retry_at = block_on(queue::fail(&world.cx(), ending(&worker, &job), "boom")).unwrap().ready_at;
    let due = |what: &str, id: &str| world.rows(&format!("SELECT at FROM due WHERE what = '{what}' AND id = '{id}'"));
    assert_eq!(due("message", "scheduled"), [format!("[Integer({})]", world.now() + 70_000)]);
    assert_eq!(due("message", "retried"), [format!("[Integer({retry_at})]")]);
    block_on(queue::reschedule(&world.cx(), &message_id, world.now() + 5)).unwrap();
    assert_eq!(due("message", "scheduled"), [format!("[Integer({})]", world.now() + 5)]);
}

#[test]
fn w20_what_fails_together_is_not_tried_together_and_never_later_than_the_cap() {
    let world = World::new();
    let mut delays = HashSet::new();
    for n in 0..20 {
        world.enqueue(&format!("c{n}"), "hi");
        let worker = world.worker();
        let job = world.claim(&worker).unwrap();
        let failed = block_on(queue::fail(&world.cx(), ending(&worker, &job), "boom")).unwrap();
        delays.insert(failed.ready_at - world.now());
    }
    assert!(delays.len() > 10, "{delays:?}");
    assert!(delays.iter().all(|delay| (0..=1_000).contains(delay)), "{delays:?}");
}

#[test]
fn w21_a_waiting_message_is_cancelled_and_the_next_one_moves_up() {
    let world = World::new();
    let first = world.enqueue("c", "first").message_id;
    let second = world.enqueue("c", "second").message_id;
    for _ in 0..2 {
        block_on(queue::cancel(&world.cx(), &first)).unwrap();
    }
    assert_eq!(world.status(&first), "cancelled");
    assert_eq!(world.rows("SELECT 1 FROM events WHERE type = 'MessageCancelled'").len(), 1);
    let worker = world.worker();
    let job = world.claim(&worker).unwrap();
    assert_eq!(job.message_id, second);
    block_on(queue::complete(&world.cx(), ending(&worker, &job))).unwrap();
    assert_eq!(code(block_on(queue::cancel(&world.cx(), &second))), "message_already_ended");
    assert_eq!(code(block_on(queue::cancel(&world.cx(), "nothing"))), "message_not_found");
}

#[test]
fn w21_cancelling_what_is_in_flight_ends_its_lease() {
    let world = World::new();
    world.enqueue("c", "first");
    let second = world.enqueue("c", "second").message_id;
    let worker = world.worker();
    let job = world.claim(&worker).unwrap();
    block_on(queue::cancel(&world.cx(), &job.message_id)).unwrap();
    for refused in [
        code(block_on(queue::heartbeat(&world.cx(), ending(&worker, &job)))),
        code(block_on(queue::complete(&world.cx(), ending(&worker, &job)))),
        code(block_on(queue::fail(&world.cx(), ending(&worker, &job), "late"))),
    ] {
        assert_eq!(refused, "message_already_ended");
    }
    assert_eq!(world.status(&job.message_id), "cancelled");
    assert_eq!(world.claim(&worker).unwrap().message_id, second, "the same worker goes on");
}

#[test]
fn w21_a_reschedule_moves_the_time_and_not_the_place() {
    let world = World::new();
    let first = world.enqueue("c", "first").message_id;
    world.enqueue("c", "second");
    block_on(queue::reschedule(&world.cx(), &first, world.now() + 60_000)).unwrap();
    let worker = world.worker();
    assert!(world.claim(&worker).is_none(), "the second stays behind the first");
    world.pass(60_000);
    let job = world.claim(&worker).unwrap();
    assert_eq!(job.message_id, first);
    assert_eq!(code(block_on(queue::reschedule(&world.cx(), &first, world.now()))), "message_in_flight");
}

#[test]
fn w21_a_dead_letter_is_replayed_with_all_its_attempts() {
    let world = World::new();
    let message_id = dead_letter(&world, "c", "first");
    let behind = world.enqueue("c", "behind").message_id;
    block_on(queue::replay(&world.cx(), &message_id)).unwrap();
    let replayed = block_on(queue::message(&world.cx(), &message_id)).unwrap();
    assert_eq!((replayed.status.as_str(), replayed.attempts, replayed.deliveries), ("queued", 0, 0));
    assert_eq!(code(block_on(queue::replay(&world.cx(), &message_id))), "not_a_dead_letter");
    let worker = world.worker();
    for expected in [behind, message_id] {
        let job = world.claim(&worker).unwrap();
        assert_eq!(job.message_id, expected, "at the end of its conversation");
        block_on(queue::complete(&world.cx(), ending(&worker, &job))).unwrap();
    }
}

#[test]
fn w21_dead_letters_are_listed_by_agent_replayed_and_put_away_in_bulk() {
    let world = World::new();
    let ids: Vec<_> = ["c1", "c2", "c3"].map(|conversation| dead_letter(&world, conversation, "hi")).into();
    let listed = |agent: Option<&str>, after: &str, limit| -> Vec<String> {
        let found = block_on(queue::dead_letters(&world.cx(), agent, after, limit)).unwrap();
        found.into_iter().map(|message| message.message_id).collect()
    };
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    assert_eq!(listed(None, "", 10), sorted);
    assert_eq!(listed(Some("a"), &sorted[0], 1), [sorted[1].clone()]);
    assert_eq!(listed(Some("b"), "", 10), Vec::<String>::new());
    let oldest = Which::Oldest { agent_key: Some("a".to_owned()), limit: 1 };
    assert_eq!(block_on(queue::replay_many(&world.cx(), &oldest)).unwrap().message_ids, [sorted[0].clone()]);
    let these = Which::Ids(vec![sorted[0].clone(), sorted[1].clone(), "nothing".to_owned()]);
    let many = block_on(queue::discard_many(&world.cx(), &these)).unwrap();
    assert_eq!(many.message_ids, [sorted[1].clone()]);
    let refused: Vec<_> = many.refused.iter().map(|one| one.code).collect();
    assert_eq!(refused, ["not_a_dead_letter", "message_not_found"]);
    assert_eq!(world.status(&sorted[1]), "discarded");
    assert_eq!(listed(None, "", 10), [sorted[2].clone()]);
    let too_many = Which::Ids(vec!["x".to_owned(); 101]);
    assert_eq!(code(block_on(queue::discard_many(&world.cx(), &too_many))), "invalid_field");
}
