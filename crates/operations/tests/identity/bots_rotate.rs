//! New secrets for webhooks.

use clawstead_operations::bots::{self, Telegram, WebhookOptions, configure_webhook, settle_webhooks, webhook_readiness};
use clawstead_operations::{OperationError, secrets};
use clawstead_transport::{ScriptedTransport, TransportError};
use futures::executor::block_on;
use serde_json::json;

use crate::telegram::{self, BOT_ID, TOKEN, on};
use crate::world::{AGENT, API, PUBLIC, World};

const ROTATE: WebhookOptions = WebhookOptions { rotate_secret: true, drop_pending_updates: false };

fn by(transport: &ScriptedTransport) -> Telegram<'_, ScriptedTransport> {
    Telegram { transport, api_url: API, public_url: PUBLIC }
}

fn agrees() -> ScriptedTransport {
    ScriptedTransport::new().answer(on("/setWebhook"), 200, json!({"ok": true, "result": true}).to_string())
}

fn linked() -> (World, String) {
    let world = World::with_agent();
    let transport = telegram::agreeing(BOT_ID, "helper_bot");
    world.link(&transport, AGENT, TOKEN).unwrap();
    (world, secret_of(&transport))
}

fn secret_of(transport: &ScriptedTransport) -> String {
    telegram::webhook(transport)["secret_token"].as_str().unwrap().to_owned()
}

fn accepts(world: &World, secret: &str) -> bool {
    block_on(bots::accepts(&world.cx(), &world.keys, BOT_ID, secret)).unwrap()
}

fn rotate(world: &World, transport: &ScriptedTransport) -> Result<(), OperationError> {
    block_on(configure_webhook(&world.cx(), &world.keys, by(transport), AGENT, ROTATE)).map(drop)
}

#[test]
fn a_rotated_secret_takes_the_place_of_the_old_one_once_telegram_agrees() {
    let (world, old) = linked();
    let transport = agrees();
    rotate(&world, &transport).unwrap();
    let new = secret_of(&transport);
    assert!(new != old && accepts(&world, &new) && !accepts(&world, &old));
    assert_eq!(block_on(secrets::collect(&world.cx(), 10)).unwrap(), 1);
    assert!(accepts(&world, &new));
}

#[test]
fn until_telegram_agrees_both_are_good_and_the_next_try_goes_on_with_the_same() {
    let (world, old) = linked();
    let lost = ScriptedTransport::new().fail(on("/setWebhook"), TransportError::Timeout);
    rotate(&world, &lost).unwrap_err();
    let new = secret_of(&lost);
    assert!(accepts(&world, &old) && accepts(&world, &new) && !accepts(&world, "guess"));
    assert_eq!(block_on(secrets::collect(&world.cx(), 10)).unwrap(), 0, "it is still needed");

    let again = agrees();
    rotate(&world, &again).unwrap();
    assert_eq!(secret_of(&again), new);
    assert!(!accepts(&world, &old));
}

#[test]
fn the_tick_asks_again_for_what_telegram_did_not_do() {
    let (world, old) = linked();
    rotate(&world, &ScriptedTransport::new().answer(on("/setWebhook"), 502, "busy")).unwrap_err();
    let settle = |transport: &ScriptedTransport| block_on(settle_webhooks(&world.cx(), &world.keys, by(transport), 5)).unwrap();
    assert_eq!(settle(&ScriptedTransport::new()), 0, "not yet");
    world.wait(5_000);
    assert_eq!(settle(&agrees()), 1);
    assert!(!accepts(&world, &old));
    world.wait(86_400_000);
    assert_eq!(settle(&ScriptedTransport::new()), 0, "nothing is left to do");
}

#[test]
fn a_crash_before_the_answer_is_settled_by_the_tick() {
    let (world, _) = linked();
    world.stage().crash_before("WebhookConfigured");
    rotate(&world, &agrees()).unwrap_err();
    world.wait(60_000);
    assert_eq!(block_on(settle_webhooks(&world.cx(), &world.keys, by(&agrees()), 5)).unwrap(), 1);
}

#[test]
fn what_telegram_refuses_for_good_is_not_asked_again_and_can_be_seen() {
    let (world, _) = linked();
    let body = json!({"ok": false, "error_code": 401, "description": "Unauthorized"}).to_string();
    rotate(&world, &ScriptedTransport::new().answer(on("/setWebhook"), 401, body)).unwrap_err();
    world.wait(86_400_000);
    assert_eq!(block_on(settle_webhooks(&world.cx(), &world.keys, by(&ScriptedTransport::new()), 5)).unwrap(), 0);
    let listed = block_on(bots::list(&world.cx(), "", 10)).unwrap();
    assert!(listed[0].webhook.last_error.as_ref().is_some_and(|error| error.contains("token")));
}

/// W49: only our own address, with the secret in force, is ready.
#[test]
fn w49_a_webhook_is_ready_when_telegram_says_so_of_our_address() {
    let (world, _) = linked();
    let info = |url: &str| {
        let said = json!({"url": url, "has_custom_certificate": false, "pending_update_count": 4, "last_error_date": 7,
            "last_error_message": "Connection refused"});
        ScriptedTransport::new().answer(on("/getWebhookInfo"), 200, json!({"ok": true, "result": said}).to_string())
    };
    let ready = |url: &str| block_on(webhook_readiness(&world.cx(), &world.keys, by(&info(url)), AGENT)).unwrap().unwrap();
    let ours = ready("https://clawstead.test/telegram/7000000001/webhook");
    assert!(ours.ready && ours.pending_update_count == 4 && ours.last_error_message.is_some());
    assert!(!ready("https://elsewhere.test/telegram/7000000001/webhook").ready);
    assert_eq!(ready("").current_url, None);
    rotate(&world, &ScriptedTransport::new().fail(on("/setWebhook"), TransportError::Timeout)).unwrap_err();
    assert!(!ready("https://clawstead.test/telegram/7000000001/webhook").ready, "with which secret is not known");
}
