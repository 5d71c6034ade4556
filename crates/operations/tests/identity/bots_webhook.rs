use clawstead_operations::bots::{self, Telegram, WebhookOptions};
use clawstead_operations::ingress::authenticate;
use clawstead_transport::TransportError;
use futures::executor::block_on;

use crate::telegram::{self, BOT_ID, TOKEN, on};
use crate::world::{AGENT, API, PUBLIC, World};

#[test]
fn telegram_is_told_where_with_which_secret_and_which_kinds() {
    let world = World::with_agent();
    let transport = telegram::agreeing(BOT_ID, "helper_bot");
    let linked = world.link(&transport, AGENT, TOKEN).unwrap();
    let webhook = telegram::webhook(&transport);
    assert_eq!(webhook["url"], "https://clawstead.test/telegram/7000000001/webhook");
    assert_eq!(linked.bot.webhook.url.as_deref(), webhook["url"].as_str());
    let secret = webhook["secret_token"].as_str().unwrap();
    assert!(secret.len() > 32 && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)));
    assert_eq!(webhook["allowed_updates"][0], "message");
    assert_eq!(webhook["drop_pending_updates"], false);
}

#[test]
fn a_webhook_set_again_keeps_its_secret() {
    let world = World::with_agent();
    let secrets = [TOKEN, TOKEN, "7000000001:AAsecond"].map(|token| {
        let transport = telegram::agreeing(BOT_ID, "helper_bot");
        world.link(&transport, AGENT, token).unwrap();
        telegram::webhook(&transport)["secret_token"].clone()
    });
    assert!(secrets[0] == secrets[1] && secrets[1] == secrets[2]);
    assert_eq!(world.count("WebhookConfigured"), 1);
}

#[test]
fn a_deployment_that_moved_sets_and_notes_its_new_address() {
    let world = World::with_bot();
    let transport = telegram::agreeing(BOT_ID, "helper_bot");
    let telegram = Telegram { transport: &transport, api_url: API, public_url: "https://moved.test" };
    let linked = block_on(bots::link(&world.cx(), &world.keys, telegram, AGENT, TOKEN, WebhookOptions::default())).unwrap();
    assert_eq!(linked.bot.webhook.url.as_deref(), Some("https://moved.test/telegram/7000000001/webhook"));
    assert_eq!((world.count("WebhookConfigured"), world.count("BotLinked")), (2, 1));
}

#[test]
fn everything_is_in_the_log_before_telegram_is_told() {
    let world = World::with_agent();
    let transport = telegram::knowing(BOT_ID, "helper_bot").fail(on("/setWebhook"), TransportError::Timeout);
    world.link(&transport, AGENT, TOKEN).unwrap_err();
    let before = ["AgentConfigured", "SecretImported", "BotLinked", "SecretImported", "WebhookRequested"];
    assert_eq!(world.story(), [&before[..], &["WebhookFailed"]].concat());
    let secret = telegram::webhook(&transport)["secret_token"].as_str().unwrap().to_owned();
    let listed = block_on(bots::list(&world.cx(), "", 10)).unwrap();
    assert!(!listed[0].webhook.set);

    // Telegram may have done it all the same, and may deliver already.
    assert!(block_on(authenticate(&world.cx(), &world.keys, BOT_ID, Some(&secret))).unwrap().is_some());

    let again = telegram::agreeing(BOT_ID, "helper_bot");
    assert!(world.link(&again, AGENT, TOKEN).unwrap().bot.webhook.set);
    assert_eq!(telegram::webhook(&again)["secret_token"], secret.as_str());
}

#[test]
fn a_crash_at_any_append_is_healed_by_linking_again() {
    for before in ["SecretImported", "BotLinked", "telegram.webhookSecret", "WebhookRequested", "WebhookConfigured"] {
        let world = World::with_agent();
        world.stage().crash_before(before);
        world.link(&telegram::agreeing(BOT_ID, "helper_bot"), AGENT, TOKEN).unwrap_err();
        let transport = telegram::agreeing(BOT_ID, "helper_bot");
        assert!(world.link(&transport, AGENT, TOKEN).unwrap().bot.webhook.set, "{before}");
        let secret = telegram::webhook(&transport)["secret_token"].as_str().unwrap().to_owned();
        assert!(block_on(authenticate(&world.cx(), &world.keys, BOT_ID, Some(&secret))).unwrap().is_some(), "{before}");
        assert_eq!((world.count("BotLinked"), world.count("WebhookConfigured")), (1, 1), "{before}");
    }
}

#[test]
fn two_links_at_once_agree_on_one_secret() {
    for lag in 0..24 {
        let world = World::with_agent();
        world.stage().take_turns();
        let (one, two) = (telegram::agreeing(BOT_ID, "helper_bot"), telegram::agreeing(BOT_ID, "helper_bot"));
        let (left, right) = (world.cx(), world.cx());
        let by = |transport| Telegram { transport, api_url: API, public_url: PUBLIC };
        let late = async {
            world.lag(lag).await;
            bots::link(&right, &world.keys, by(&two), AGENT, TOKEN, WebhookOptions::default()).await
        };
        let (first, second) = block_on(async {
            futures::join!(bots::link(&left, &world.keys, by(&one), AGENT, TOKEN, WebhookOptions::default()), late)
        });
        assert_eq!(first.unwrap().bot, second.unwrap().bot);
        assert_eq!(telegram::webhook(&one), telegram::webhook(&two));
        assert_eq!((world.count("BotLinked"), world.count("WebhookConfigured"), world.count("SecretRotated")), (1, 1, 0));
    }
}
