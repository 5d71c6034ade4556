//! Broadcasts: P-4.

use clawstead_domain::api_key::Reach;
use clawstead_domain::binding::Bind;
use clawstead_domain::push::{Broadcast, BroadcastDraft, start_broadcast};
use clawstead_ledger::Expected;
use clawstead_operations::{OperationError, bindings, push};
use futures::executor::block_on;

use crate::world::{World, code};

fn bound(users: &[(&str, &str)]) -> World {
    let world = World::new();
    for (user, agent) in users {
        let wanted = Bind { consumer_user_id: (*user).into(), agent_key: (*agent).into(), ..Bind::default() };
        block_on(bindings::make(&world.cx(), &wanted, None)).unwrap();
    }
    world
}

fn draft() -> BroadcastDraft {
    let request_hash = Some("h".to_owned());
    BroadcastDraft {
        title: "News".into(),
        text: " Hello ".into(),
        requested_by: "eve".into(),
        request_hash,
        ..Default::default()
    }
}

fn send(world: &World, draft: &BroadcastDraft, key: Option<&str>) -> Result<Broadcast, OperationError> {
    block_on(push::send_broadcast(&world.cx(), draft, key.map(str::to_owned)))
}

fn counts(broadcast: &Broadcast) -> (&str, i64, i64, i64) {
    (&broadcast.status, broadcast.total_targets, broadcast.enqueued, broadcast.failed)
}

fn texts(world: &World) -> Vec<String> {
    world.texts("SELECT data ->> '$.text' FROM events WHERE type = 'MessageEnqueued'")
}

#[test]
fn p4_each_user_is_reached_once_in_the_own_conversation() {
    let world = bound(&[("ada", "a"), ("ada", "b"), ("bjorn", "a"), ("gone", "a")]);
    block_on(bindings::revoke_of_user(&world.cx(), "gone", "test")).unwrap();
    let first = send(&world, &draft(), Some("click")).unwrap();
    assert_eq!(counts(&first), ("done", 3, 3, 0));
    assert_eq!(texts(&world), ["News\n\nHello"; 3]);
    let own = "SELECT conversation_id FROM user_agents WHERE consumer_user_id <> 'gone' ORDER BY 1";
    assert_eq!(world.texts("SELECT conversation_id FROM messages ORDER BY 1"), world.texts(own));
    assert_eq!(send(&world, &draft(), Some("click")).unwrap(), first, "a double click");
    assert_eq!(texts(&world).len(), 3);
    let another = BroadcastDraft { request_hash: Some("i".into()), ..draft() };
    assert_eq!(code(send(&world, &another, Some("click"))), "idempotency_key_reused");
}

#[test]
fn p4_nobody_outside_of_the_reach_is_told() {
    let world = bound(&[("ada", "a"), ("ada", "b"), ("bjorn", "a")]);
    let names = |name: &str| Some(vec![name.to_owned()]);
    let of_b = Reach { agents: names("b"), ..Reach::default() };
    let of_bjorn = Reach { users: names("bjorn"), ..Reach::default() };
    for (reach, told) in [(of_b, "ada"), (of_bjorn, "bjorn")] {
        let made = send(&world, &BroadcastDraft { reach, ..draft() }, None).unwrap();
        assert_eq!(counts(&made), ("done", 1, 1, 0));
        let newest =
            "SELECT data ->> '$.metadata.consumerUserId' FROM events WHERE type = 'MessageEnqueued' ORDER BY position DESC";
        assert_eq!(world.texts(newest)[0], told);
    }
    world.agent("a", false);
    assert_eq!(counts(&send(&world, &draft(), None).unwrap()), ("done", 1, 1, 0), "a disabled agent is no target");
}

#[test]
fn a_broadcast_to_many_goes_on_with_the_tick_and_sends_nothing_twice() {
    let users: Vec<String> = (0..230).map(|n| format!("u{n:03}")).collect();
    let pairs: Vec<(&str, &str)> = users.iter().map(|user| (user.as_str(), "a")).collect();
    let world = bound(&pairs);
    let begun = send(&world, &draft(), None).unwrap();
    assert_eq!(counts(&begun), ("running", 200, 200, 0));
    assert_eq!(world.texts("SELECT what FROM due_pushes"), ["broadcast"]);
    // A step that sent its messages and was interrupted before it said so is done again.
    let forget = "UPDATE broadcasts SET through_user = 'u149', enqueued = 150, total_targets = 150";
    block_on(clawstead_ledger::Engine::execute(world.ledger.engine(), forget, &[])).unwrap();
    block_on(push::advance_broadcasts(&world.cx(), 10)).unwrap();
    let done = block_on(push::broadcast(&world.cx(), &begun.broadcast_id)).unwrap();
    assert_eq!(counts(&done), ("done", 230, 230, 0));
    assert_eq!(texts(&world).len(), 230);
    assert_eq!(block_on(push::advance_broadcasts(&world.cx(), 10)).unwrap(), 0);
}

#[test]
fn a_broadcast_that_was_only_begun_is_done_by_the_tick_and_who_is_full_is_counted() {
    let world = bound(&[("ada", "a"), ("bjorn", "a")]);
    let policy = clawstead_domain::config::QueuePolicy { agent_messages_max: 1, ..Default::default() };
    block_on(clawstead_operations::configs::set(&world.cx(), &policy)).unwrap();
    let event = start_broadcast(&draft()).unwrap();
    block_on(world.cx().append("b1", Expected::Version(0), &[event])).unwrap();
    block_on(push::advance_broadcasts(&world.cx(), 10)).unwrap();
    let done = block_on(push::broadcasts(&world.cx(), None, 10)).unwrap().pop().unwrap();
    assert_eq!(counts(&done), ("failed", 2, 1, 1));
    let failures = world.texts("SELECT data ->> '$.failures[0].error' FROM events WHERE type = 'BroadcastAdvanced'");
    assert_eq!(failures, ["agent_full"]);
}
