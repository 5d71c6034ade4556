//! Reading: W-29, W-31, W-48, W-53, W-64.

use std::collections::BTreeMap;

use clawstead_domain::binding::{Account, Bind, BindingEvent};
use clawstead_domain::conversation::{Enqueue, Status};
use clawstead_ledger::Expected;
use clawstead_operations::bindings;
use clawstead_operations::queue::{self, Page, Said, UserMessage, Which};
use futures::executor::block_on;

use crate::world::{World, code, command, ending};

fn bind(world: &World, telegram: bool) -> (String, String) {
    let account = Account { bot_id: "9".into(), telegram_user_id: "7".into(), telegram_chat_id: "7".into() };
    let wanted =
        Bind { consumer_user_id: "ada".into(), agent_key: "a".into(), account: telegram.then_some(account), ..Bind::default() };
    let binding = block_on(bindings::make(&world.cx(), &wanted, None)).unwrap().binding;
    (binding.binding_id, binding.conversation_id)
}

#[test]
fn w29_a_user_reads_the_own_conversation_while_bound() {
    let world = World::new();
    assert_eq!(code(block_on(queue::user_conversation(&world.cx(), "ada", "a", 10))), "no_active_binding");
    let (binding_id, conversation_id) = bind(&world, false);
    let empty = block_on(queue::user_conversation(&world.cx(), "ada", "a", 10)).unwrap();
    assert_eq!((empty.items.len(), empty.has_open), (0, false), "bound, and nothing said yet");
    world.enqueue(&conversation_id, "hi");
    world.enqueue("of-somebody-else", "hi");
    let found = block_on(queue::user_messages(&world.cx(), "ada", "a", None, 10)).unwrap();
    assert_eq!(found.iter().map(|item| &item.view.conversation_id).collect::<Vec<_>>(), [&conversation_id]);
    let revoked = BindingEvent::BindingRevoked { reason: "operator".to_owned() };
    block_on(world.cx().append(&binding_id, Expected::Any, &[revoked])).unwrap();
    assert_eq!(code(block_on(queue::user_messages(&world.cx(), "ada", "a", None, 10))), "no_active_binding");
}

#[test]
fn w31_only_a_binding_says_where_an_answer_goes() {
    let world = World::new();
    let smuggled = BTreeMap::from([("telegramChatId".to_owned(), "666".to_owned()), ("mood".to_owned(), "fine".to_owned())]);
    let send = |world: &World| {
        let hi = UserMessage { metadata: smuggled.clone(), ..UserMessage::new("ada", "a", Said::Text("hi".to_owned())) };
        let sent = block_on(queue::send_as_user(&world.cx(), &hi, None)).unwrap();
        let items = block_on(queue::messages(&world.cx(), &sent.accepted.conversation_id, None, Page::Newest, 1)).unwrap();
        items[0].message.clone()
    };
    bind(&world, false);
    let message = send(&world);
    assert_eq!((&message["provider"], &message["provider_user_id"]), (&"system_push".into(), &"ada".into()));
    assert_eq!(message["metadata"], serde_json::json!({"mood": "fine", "consumerUserId": "ada", "source": "user_agent_api"}));
    bind(&world, true);
    let message = send(&world);
    assert_eq!((&message["provider"], &message["provider_user_id"]), (&"telegram".into(), &"7".into()));
    assert_eq!(message["metadata"]["telegramChatId"], "7");
}

#[test]
fn w48_figures_are_counted_as_things_happen() {
    let world = World::new();
    for n in 0..50 {
        world.enqueue(&format!("c{n}"), "hi");
    }
    // A row a state, whatever the number of messages and agents.
    world.enqueue_as(&Enqueue { agent_key: "b".to_owned(), ..command("other", "hi") }, None).unwrap();
    assert_eq!(world.rows("SELECT * FROM queue_totals").len(), 1);
    assert_eq!(block_on(queue::stats(&world.cx())).unwrap().queued_ready, 51);
}

/// The totals against a count of the messages themselves, through everything that can happen to them.
#[test]
fn w48_the_totals_are_those_of_the_messages() {
    let world = World::new();
    let stats = || block_on(queue::stats(&world.cx())).unwrap();
    let check = |step: &str| {
        let counted = |status: &str| world.rows(&format!("SELECT 1 FROM messages WHERE status = '{status}'")).len() as i64;
        let found = stats();
        let queued = found.queued_ready + found.queued_later + found.queued_paused;
        let all = [queued, found.processing, found.dead_letter, found.done, found.cancelled, found.discarded];
        let expected = ["queued", "processing", "dead_letter", "done", "cancelled", "discarded"].map(counted);
        assert_eq!(all, expected, "{step}");
    };
    world.agent("b", false);
    assert_eq!(stats().queued_paused, 0);
    let ids: Vec<_> = ["c", "c", "d", "e"].iter().map(|conversation| world.enqueue(conversation, "hi").message_id).collect();
    world
        .enqueue_as(&Enqueue { scheduled_for: Some(world.now() + 9_000), max_attempts: Some(1), ..command("f", "hi") }, None)
        .unwrap();
    check("enqueued");
    assert_eq!((stats().queued_ready, stats().queued_later), (4, 1));
    block_on(queue::cancel(&world.cx(), &ids[3])).unwrap();
    world.agent("a", false);
    assert_eq!((stats().queued_ready, stats().queued_later, stats().queued_paused), (0, 0, 4));
    block_on(queue::cancel(&world.cx(), &ids[2])).unwrap();
    assert_eq!(stats().queued_paused, 3, "of a disabled agent");
    world.agent("a", true);
    world.agent("a", true);
    assert_eq!((stats().queued_ready, stats().queued_later, stats().queued_paused), (2, 1, 0));
    world.pass(9_000);
    let worker = world.worker();
    let job = world.claim(&worker).unwrap();
    check("claimed");
    block_on(queue::complete(&world.cx(), ending(&worker, &job))).unwrap();
    check("completed");
    for _ in 0..2 {
        let job = world.claim(&worker).unwrap();
        block_on(queue::fail(&world.cx(), ending(&worker, &job), "x")).unwrap();
    }
    check("failed, one of them for good");
    assert_eq!(stats().dead_letter, 1);
    block_on(queue::discard_many(&world.cx(), &Which::Oldest { agent_key: None, limit: 9 })).unwrap();
    check("discarded");
}

#[test]
fn w53_the_limit_comes_after_the_filter() {
    let world = World::new();
    let cancelled = world.enqueue("c", "cancelled").message_id;
    block_on(queue::cancel(&world.cx(), &cancelled)).unwrap();
    let ids: Vec<_> = (0..10).map(|n| world.enqueue("c", &n.to_string()).message_id).collect();
    let of = |statuses: &[Status], page, limit| -> Vec<String> {
        let found = block_on(queue::messages(&world.cx(), "c", Some(statuses), page, limit)).unwrap();
        found.into_iter().map(|item| item.view.message_id).collect()
    };
    assert_eq!(of(&[Status::Cancelled], Page::Newest, 1).first(), Some(&cancelled), "behind ten newer ones");
    assert_eq!(of(&[Status::Queued, Status::Cancelled], Page::After(0), 2), [cancelled, ids[0].clone()]);
    assert_eq!(of(&[], Page::Newest, 10), Vec::<String>::new());
    let all = block_on(queue::messages(&world.cx(), "c", None, Page::After(0), 3)).unwrap();
    let rest = block_on(queue::messages(&world.cx(), "c", None, Page::After(all[2].seq), 100)).unwrap();
    assert_eq!((all.len(), rest.len()), (3, 8), "pages neither overlap nor leave out");
    assert_eq!(rest[0].view.message_id, ids[2]);
    assert_eq!(code(block_on(queue::messages(&world.cx(), "nothing", None, Page::Newest, 1))), "conversation_not_found");
}

#[test]
fn w64_the_view_looks_at_the_whole_conversation_and_the_latest_message_is_the_latest() {
    let world = World::new();
    let (_, conversation_id) = bind(&world, false);
    world.enqueue(&conversation_id, "open");
    let mut far = command(&conversation_id, "scheduled far ahead");
    far.scheduled_for = Some(world.now() + 1_000_000);
    world.enqueue_as(&far, None).unwrap();
    let newest = world.enqueue(&conversation_id, "newest").message_id;
    block_on(queue::cancel(&world.cx(), &newest)).unwrap();
    let view = block_on(queue::user_conversation(&world.cx(), "ada", "a", 1)).unwrap();
    assert_eq!(view.items[0].view.message_id, newest);
    assert!(view.has_open, "though the page has nothing open");
}

#[test]
fn w64_has_queued_means_soon_and_not_some_day() {
    let world = World::new();
    let worker = world.worker();
    let mut far = command("c", "hi");
    far.scheduled_for = Some(world.now() + 1_000_000);
    world.enqueue_as(&far, None).unwrap();
    let queued = |conversation: &str| {
        let caller = world.call(&worker).unwrap();
        block_on(queue::has_queued(&world.cx(), &caller, conversation)).unwrap()
    };
    assert!(!queued("c"));
    world.enqueue("d", "hi");
    let job = world.claim(&worker).unwrap();
    block_on(queue::complete(&world.cx(), ending(&worker, &job))).unwrap();
    assert!(!queued("d"));
}
