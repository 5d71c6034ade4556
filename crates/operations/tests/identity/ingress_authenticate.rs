use clawstead_operations::ingress::authenticate;
use clawstead_operations::secrets;
use futures::executor::block_on;

use crate::telegram::{self, BOT_ID, TOKEN};
use crate::world::{AGENT, World, bot};

fn secret_of(world: &World, bot_id: &str) -> String {
    let secret_ref = format!("telegram.webhookSecret.{bot_id}");
    block_on(secrets::open(&world.cx(), &world.keys, &secret_ref)).unwrap().unwrap().expose().clone()
}

fn accepted(world: &World, bot_id: &str, presented: Option<&str>) -> bool {
    block_on(authenticate(&world.cx(), &world.keys, bot_id, presented)).unwrap().is_some()
}

/// W01, W02, W-33: no guess, and no name of a bot, is a proof.
#[test]
fn w01_w02_w33_only_the_secret_in_force_for_the_bot_is_accepted() {
    let world = World::with_bot();
    world.configure("other", true);
    world.link(&telegram::agreeing("8000000002", "second_bot"), "other", "8000000002:BB").unwrap();
    let (secret, of_another) = (secret_of(&world, BOT_ID), secret_of(&world, "8000000002"));

    assert_eq!(block_on(authenticate(&world.cx(), &world.keys, BOT_ID, Some(&secret))).unwrap(), Some(bot()));
    assert!(!accepted(&world, BOT_ID, None));
    let (longer, shorter, guess) = (format!("{secret}x"), &secret[..secret.len() - 1], format!("af_v1_{BOT_ID}"));
    for forged in ["", &longer, shorter, &guess, &of_another, &secret.to_uppercase(), BOT_ID, TOKEN] {
        assert!(!accepted(&world, BOT_ID, Some(forged)));
    }
    for bot_id in ["8000000002", "9000000003", "", "' OR 1=1 --"] {
        assert!(!accepted(&world, bot_id, Some(&secret)));
    }
}

#[test]
fn an_update_that_overtakes_the_event_is_authentic() {
    let world = World::with_agent();
    world.stage().crash_before("WebhookConfigured");
    let transport = telegram::agreeing(BOT_ID, "helper_bot");
    world.link(&transport, AGENT, TOKEN).unwrap_err();
    assert_eq!(transport.unused(), 0);
    assert!(accepted(&world, BOT_ID, telegram::webhook(&transport)["secret_token"].as_str()));
}

#[test]
fn a_bot_that_was_replaced_delivers_nothing_more() {
    let world = World::with_bot();
    let secret = secret_of(&world, BOT_ID);
    world.link(&telegram::agreeing("8000000002", "second_bot"), AGENT, "8000000002:BB").unwrap();
    assert!(!accepted(&world, BOT_ID, Some(&secret)));
}

#[test]
fn a_rotated_secret_ends_the_one_before() {
    let world = World::with_bot();
    let secret = secret_of(&world, BOT_ID);
    block_on(secrets::import(&world.cx(), &world.keys, "telegram.webhookSecret.7000000001", "another")).unwrap();
    assert!(!accepted(&world, BOT_ID, Some(&secret)));
    assert!(accepted(&world, BOT_ID, Some("another")));
}
