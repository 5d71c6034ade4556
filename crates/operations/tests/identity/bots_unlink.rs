//! A bot that is taken from its agent.

use clawstead_domain::binding::Bind;
use clawstead_operations::bots::{self, Telegram, retire_due, unlink};
use clawstead_operations::queue::{self, Said, UserMessage};
use clawstead_operations::{bindings, ingress, secrets};
use clawstead_transport::ScriptedTransport;
use futures::executor::block_on;
use serde_json::json;

use crate::telegram::{self, ADA, BOT_ID, TOKEN, on};
use crate::world::{AGENT, API, PUBLIC, World, refused};

fn unlinked() -> World {
    let world = World::with_bot();
    world.paired("ada", ADA);
    world.receive(&telegram::text(1, ADA, "hello")).unwrap();
    assert_eq!(block_on(unlink(&world.cx(), AGENT)).unwrap(), BOT_ID);
    world
}

fn retire(world: &World) -> i64 {
    let url = clawstead_domain::bot::webhook_url(PUBLIC, BOT_ID);
    let info = json!({"ok": true, "result": {"url": url, "has_custom_certificate": false, "pending_update_count": 0}});
    let transport = ScriptedTransport::new().answer(on("/getWebhookInfo"), 200, info.to_string()).answer(
        on("/deleteWebhook"),
        200,
        json!({"ok": true, "result": true}).to_string(),
    );
    let telegram = Telegram { transport: &transport, api_url: API, public_url: PUBLIC };
    let gone = block_on(retire_due(&world.cx(), &world.keys, telegram, 5)).unwrap();
    assert_eq!(transport.unused(), 0, "its webhook was asked for and deleted");
    gone
}

#[test]
fn its_updates_are_refused_from_that_moment() {
    let world = World::with_bot();
    let secret_ref = "telegram.webhookSecret.7000000001";
    let secret = block_on(secrets::open(&world.cx(), &world.keys, secret_ref)).unwrap().unwrap().expose().clone();
    let proves = || block_on(ingress::authenticate(&world.cx(), &world.keys, BOT_ID, Some(&secret))).unwrap().is_some();
    assert!(proves());
    block_on(unlink(&world.cx(), AGENT)).unwrap();
    assert!(!proves());
    assert_eq!(block_on(bots::of_agent(&world.cx(), AGENT)).unwrap(), None);
    assert_eq!(refused(block_on(unlink(&world.cx(), AGENT))), "bot_missing");
    assert_eq!(refused(block_on(unlink(&world.cx(), "nobody"))), "agent_not_found");
}

#[test]
fn nothing_is_left_of_it_and_nothing_is_worked_in_the_name_of_its_users() {
    let world = unlinked();
    assert_eq!(retire(&world), 1);
    let sealed = block_on(world.cx().sql("SELECT 1 FROM sealed_secrets", &[])).unwrap();
    assert!(sealed.first().is_none(), "neither its token nor the secret of its webhook");
    assert!(block_on(bindings::active_of_user(&world.cx(), "ada")).unwrap().is_empty());
    assert_eq!(world.count("MessageCancelled"), 0, "the tick does that too");
    assert_eq!(block_on(bindings::settle_due(&world.cx(), 10)).unwrap(), 1);
    assert_eq!((world.count("MessageCancelled"), world.count("BindingSettled")), (1, 1));
    assert_eq!(block_on(bindings::settle_due(&world.cx(), 10)).unwrap(), 0);
    let app_events = block_on(world.cx().sql("SELECT type FROM app_events ORDER BY position DESC LIMIT 4", &[])).unwrap();
    let types: Vec<String> = app_events.iter().filter_map(|row| row.text("type")).collect();
    assert_eq!(types, ["BindingSettled", "BotRetired", "BindingRevoked", "BotUnlinked"]);
}

#[test]
fn what_waits_of_its_agent_is_not_handed_to_workers_that_need_a_bot() {
    let world = World::with_bot();
    let of_app = Bind { consumer_user_id: "carol".to_owned(), agent_key: AGENT.to_owned(), ..Bind::default() };
    block_on(bindings::make(&world.cx(), &of_app, None)).unwrap();
    let hi = UserMessage::new("carol", AGENT, Said::Text("hi".to_owned()));
    block_on(queue::send_as_user(&world.cx(), &hi, None)).unwrap();
    let has_bot = || {
        block_on(world.cx().sql("SELECT has_bot FROM queue_heads", &[])).unwrap().first().and_then(|row| row.integer("has_bot"))
    };
    assert_eq!(has_bot(), Some(1));
    block_on(unlink(&world.cx(), AGENT)).unwrap();
    assert_eq!(has_bot(), Some(0));
    world.link(&telegram::agreeing("8000000002", "second_bot"), AGENT, "8000000002:BB").unwrap();
    assert_eq!(has_bot(), Some(1));
}

#[test]
fn a_bot_that_was_taken_away_may_be_linked_again_also_to_another_agent() {
    let world = unlinked();
    world.configure("other", true);
    assert!(world.link(&telegram::agreeing(BOT_ID, "helper_bot"), "other", TOKEN).unwrap().new);
    assert_eq!(block_on(bots::find(&world.cx(), BOT_ID)).unwrap().unwrap().agent_key, "other");
    let transport = ScriptedTransport::new();
    let telegram = Telegram { transport: &transport, api_url: API, public_url: PUBLIC };
    assert_eq!(block_on(retire_due(&world.cx(), &world.keys, telegram, 5)).unwrap(), 0, "nothing of it goes");
    world.configure("third", true);
    assert_eq!(refused(world.link(&telegram::knowing(BOT_ID, "helper_bot"), "third", TOKEN)), "bot_of_another_agent");
}
