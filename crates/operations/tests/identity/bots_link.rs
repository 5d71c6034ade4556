use clawstead_operations::bots::Telegram;
use clawstead_operations::{OperationError, bots, secrets};
use clawstead_transport::{ScriptedTransport, TransportError};
use futures::executor::block_on;
use serde_json::json;

use crate::telegram::{self, BOT_ID, TOKEN, on};
use crate::world::{AGENT, API, PUBLIC, World, refused};

fn token_in_force(world: &World) -> String {
    let secret = block_on(secrets::open(&world.cx(), &world.keys, "telegram.botToken.7000000001")).unwrap();
    secret.unwrap().expose().clone()
}

#[test]
fn the_same_token_again_changes_nothing_in_the_log() {
    let world = World::with_bot();
    let before = world.story();
    let linked = world.link(&telegram::agreeing(BOT_ID, "helper_bot"), AGENT, &format!(" {TOKEN}\n")).unwrap();
    assert!(!linked.new && linked.bot.webhook.set);
    assert_eq!(world.story(), before);
}

#[test]
fn a_new_token_of_the_same_bot_takes_the_place_of_the_old_one() {
    let world = World::with_bot();
    let linked = world.link(&telegram::agreeing(BOT_ID, "helper_bot"), AGENT, "7000000001:AAsecond").unwrap();
    assert!(!linked.new);
    assert_eq!(token_in_force(&world), "7000000001:AAsecond");
    assert_eq!((world.count("SecretRotated"), world.count("BotLinked")), (1, 1));
}

#[test]
fn a_token_that_cannot_be_one_never_leaves() {
    let world = World::with_agent();
    let transport = ScriptedTransport::new();
    for token in ["", "nonsense", "7:a/../b", "7:a b"] {
        let Err(OperationError::Refused(refusal)) = world.link(&transport, AGENT, token) else { panic!("taken: {token}") };
        assert_eq!((refusal.code, refusal.field), ("invalid_field", Some("token")));
    }
    assert_eq!(refused(world.link(&transport, "nobody", TOKEN)), "agent_not_found");
    assert!(transport.requests().is_empty());
}

#[test]
fn a_token_that_telegram_does_not_accept_is_refused_and_not_kept() {
    let world = World::with_agent();
    let before = world.story();
    for status in [401, 404] {
        let body = json!({"ok": false, "error_code": status, "description": "no"}).to_string();
        let transport = ScriptedTransport::new().answer(on("/getMe"), status, body);
        let Err(OperationError::Refused(refusal)) = world.link(&transport, AGENT, TOKEN) else { panic!("taken") };
        assert_eq!(refusal.field, Some("token"));
        assert!(!format!("{refusal:?}").contains("AAfirst"));
    }
    assert_eq!(world.story(), before);
}

/// A token that was good for the first question and is not for the second one: BotFather was asked for another meanwhile.
#[test]
fn a_token_that_ends_while_its_bot_is_linked_is_the_field_at_fault() {
    for status in [401, 404] {
        let world = World::with_agent();
        let body = json!({"ok": false, "error_code": status, "description": "no"}).to_string();
        let transport = telegram::knowing(BOT_ID, "helper_bot").answer(on("/setWebhook"), status, body);
        let Err(OperationError::Refused(refusal)) = world.link(&transport, AGENT, TOKEN) else { panic!("taken") };
        assert_eq!((refusal.code, refusal.field), ("invalid_field", Some("token")));
        assert_eq!((world.count("WebhookFailed"), world.count("WebhookConfigured")), (1, 0));
    }
}

/// Whoever has an imported token looked at again has brought none.
#[test]
fn a_token_that_was_revoked_since_is_no_field_of_what_asks_for_it() {
    let world = World::with_bot();
    let before = world.story();
    for status in [401, 404] {
        let body = json!({"ok": false, "error_code": status, "description": "no"}).to_string();
        for secret_ref in [None, Some("telegram.botToken.7000000001")] {
            let transport = ScriptedTransport::new().answer(on("/getMe"), status, body.clone());
            let telegram = Telegram { transport: &transport, api_url: API, public_url: PUBLIC };
            let outcome = block_on(bots::reconcile(&world.cx(), &world.keys, telegram, AGENT, secret_ref));
            let Err(OperationError::Refused(refusal)) = outcome else { panic!("{outcome:?}") };
            assert_eq!((refusal.code, refusal.field), ("token_refused", None));
            assert!(!format!("{refusal:?}").contains("AAfirst"));
        }
    }
    assert_eq!(world.story(), before);
}

#[test]
fn a_bot_belongs_to_one_agent_and_its_token_stays_as_it_is() {
    let world = World::with_bot();
    world.configure("other", true);
    let before = world.story();
    let transport = telegram::knowing(BOT_ID, "helper_bot");
    assert_eq!(refused(world.link(&transport, "other", "7000000001:AAsecond")), "bot_of_another_agent");
    assert_eq!(token_in_force(&world), TOKEN);
    assert_eq!(world.story(), before);
}

#[test]
fn an_agent_has_one_bot_at_a_time() {
    let world = World::with_bot();
    let linked = world.link(&telegram::agreeing("8000000002", "second_bot"), AGENT, "8000000002:BB").unwrap();
    assert!(linked.new);
    let listed: Vec<String> = block_on(bots::list(&world.cx(), "", 10)).unwrap().into_iter().map(|bot| bot.bot_id).collect();
    assert_eq!(listed, ["8000000002"]);

    world.configure("other", true);
    assert!(world.link(&telegram::agreeing(BOT_ID, "helper_bot"), "other", TOKEN).unwrap().new);
    assert_eq!(block_on(bots::find(&world.cx(), BOT_ID)).unwrap().unwrap().agent_key, "other");
}

#[test]
fn trouble_at_telegram_says_whether_to_try_again_and_never_the_token() {
    let bad_url = json!({"ok": false, "error_code": 400, "description": "Bad Request: bad webhook: 7000000001:AAfirst-token"});
    let known = || telegram::knowing(BOT_ID, "helper_bot");
    let troubles = [
        (ScriptedTransport::new().answer(on("/getMe"), 502, "busy"), false),
        (ScriptedTransport::new().fail(on("/getMe"), TransportError::Denied), true),
        (known().fail(on("/setWebhook"), TransportError::Timeout), false),
        (known().answer(on("/setWebhook"), 429, json!({"ok": false, "parameters": {"retry_after": 3}}).to_string()), false),
        (known().answer(on("/setWebhook"), 400, bad_url.to_string()), true),
    ];
    for (transport, expected) in troubles {
        let world = World::with_agent();
        let error = world.link(&transport, AGENT, TOKEN).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("AAfirst"));
        let OperationError::Outside { service: "telegram", permanent, .. } = error else { panic!("{error}") };
        assert_eq!(permanent, expected);
        assert_eq!(world.count("WebhookConfigured"), 0);
    }
}
