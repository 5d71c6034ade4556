//! Bots that another one took the place of.

use clawstead_operations::bots::{self, Telegram, retire_due};
use clawstead_operations::{bindings, secrets};
use clawstead_transport::{ScriptedTransport, TransportError};
use futures::executor::block_on;
use serde_json::json;

use crate::telegram::{self, ADA, BOT_ID, TOKEN, on};
use crate::world::{AGENT, API, PUBLIC, World, refused};

const OURS: &str = "https://clawstead.test/telegram/7000000001/webhook";

/// A bot with a paired user and a code that waits, and then another bot in its place.
fn replaced() -> (World, String) {
    let world = World::with_bot();
    world.paired("ada", ADA);
    let waiting = world.pairing("bjorn").pairing_id;
    world.link(&telegram::agreeing("8000000002", "second_bot"), AGENT, "8000000002:BB").unwrap();
    (world, waiting)
}

fn retire(world: &World, transport: &ScriptedTransport) -> i64 {
    let telegram = Telegram { transport, api_url: API, public_url: PUBLIC };
    block_on(retire_due(&world.cx(), &world.keys, telegram, 5)).unwrap()
}

fn delivering_to(url: &str) -> ScriptedTransport {
    let info = json!({"ok": true, "result": {"url": url, "has_custom_certificate": false, "pending_update_count": 0}});
    ScriptedTransport::new().answer(on("/getWebhookInfo"), 200, info.to_string())
}

fn deleting() -> ScriptedTransport {
    delivering_to(OURS).answer(on("/deleteWebhook"), 200, json!({"ok": true, "result": true}).to_string())
}

fn has(world: &World, secret_ref: &str) -> bool {
    block_on(secrets::open(&world.cx(), &world.keys, secret_ref)).unwrap().is_some()
}

/// W29: nothing is left of a bot whose place another took: no webhook, no secret, no binding, no code.
#[test]
fn w29_nothing_is_left_of_a_replaced_bot() {
    let (world, waiting) = replaced();
    let transport = deleting();
    assert_eq!(retire(&world, &transport), 1);
    assert!(transport.requests().iter().any(|request| request.uri().path().ends_with("/deleteWebhook")));
    for secret_ref in ["telegram.botToken.7000000001", "telegram.webhookSecret.7000000001"] {
        assert!(!has(&world, secret_ref), "{secret_ref}");
    }
    assert_eq!(world.state(&waiting), "revoked");
    assert!(block_on(bindings::active_of_user(&world.cx(), "ada")).unwrap().is_empty());
    assert!(has(&world, "telegram.botToken.8000000002"));
    assert_eq!(retire(&world, &ScriptedTransport::new()), 0);
    assert_eq!(world.log().pop().unwrap().data, json!({"bot_id": BOT_ID, "webhook_removed": true}));
}

#[test]
fn a_webhook_that_leads_elsewhere_is_left_alone() {
    let (world, _) = replaced();
    assert_eq!(retire(&world, &delivering_to("https://new-owner.test/hook")), 1);
}

#[test]
fn what_telegram_does_not_do_is_tried_again_and_given_up_in_the_end() {
    let (world, _) = replaced();
    let failing = || ScriptedTransport::new().fail(on("/getWebhookInfo"), TransportError::Timeout);
    assert_eq!(retire(&world, &failing()), 0);
    assert_eq!(retire(&world, &ScriptedTransport::new()), 0, "not before its time");
    for _ in 0..10 {
        world.wait(3_600_000);
        assert_eq!(retire(&world, &failing()), 0);
    }
    world.wait(3_600_000);
    assert_eq!(retire(&world, &failing()), 1);
    assert!(!has(&world, "telegram.botToken.7000000001"));
}

#[test]
fn a_bot_whose_token_is_revoked_is_gone_at_once() {
    let (world, _) = replaced();
    let body = json!({"ok": false, "error_code": 401, "description": "Unauthorized"}).to_string();
    assert_eq!(retire(&world, &ScriptedTransport::new().answer(on("/getWebhookInfo"), 401, body)), 1);
}

#[test]
fn a_crash_anywhere_is_healed_by_the_next_tick() {
    for before in
        ["BindingRevoked", "PairingRevoked", "SecretWithdrawn", "DELETE FROM sealed_secrets", "SecretDestroyed", "BotRetired"]
    {
        let (world, _) = replaced();
        world.stage().crash_before(before);
        let transport = deleting();
        let telegram = Telegram { transport: &transport, api_url: API, public_url: PUBLIC };
        block_on(retire_due(&world.cx(), &world.keys, telegram, 5)).unwrap_err();
        assert_eq!(retire(&world, &deleting()), 1, "{before}");
        block_on(secrets::collect(&world.cx(), 10)).unwrap();
        let left = block_on(world.cx().sql("SELECT 1 FROM sealed_secrets WHERE secret_ref LIKE '%7000000001'", &[])).unwrap();
        assert!(left.first().is_none(), "{before}");
    }
}

#[test]
fn a_bot_that_comes_back_keeps_what_it_needs() {
    let (world, _) = replaced();
    world.link(&telegram::agreeing(BOT_ID, "helper_bot"), AGENT, TOKEN).unwrap();
    assert_eq!(retire(&world, &delivering_to("")), 1, "the second one");
    assert!(has(&world, "telegram.botToken.7000000001"));
    assert_eq!(block_on(bots::of_agent(&world.cx(), AGENT)).unwrap().unwrap().bot_id, BOT_ID);
}

#[test]
fn the_token_of_a_linked_bot_is_not_destroyed() {
    let world = World::with_bot();
    let outcome = block_on(secrets::destroy(&world.cx(), "telegram.botToken.7000000001"));
    assert_eq!(refused(outcome), "secret_in_use");
    assert!(has(&world, "telegram.botToken.7000000001"));
}
