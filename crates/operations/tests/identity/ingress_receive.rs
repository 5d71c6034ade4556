use clawstead_operations::ingress::{IngressBot, Outcome, receive};
use futures::executor::block_on;
use serde_json::json;

use crate::telegram::{self, ADA, BJORN, BOT_ID, TOKEN};
use crate::world::{World, bot};

fn reason(world: &World, body: &[u8]) -> &'static str {
    match world.receive(body).unwrap() {
        Outcome::Refused { reason } | Outcome::Ignored { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_repeated_start_is_answered_as_the_first() {
    let world = World::with_bot();
    let start = telegram::text(1, ADA, &format!("/start {}", world.pairing("ada").code));
    assert_eq!(world.receive(&start).unwrap(), Outcome::Paired);
    let before = world.story();
    assert_eq!(before.last().unwrap(), "ReplyQueued");
    assert_eq!(world.receive(&start).unwrap(), Outcome::Paired);
    assert_eq!(world.story(), before, "and it is said once");
}

#[test]
fn a_start_that_pairs_nobody_is_final_and_says_why() {
    let world = World::with_bot();
    let code = world.pairing("ada").code;
    assert_eq!(reason(&world, &telegram::text(1, ADA, "/start WRONGWRONG22")), "pairing_not_found");
    assert_eq!(reason(&world, &telegram::text(2, ADA, "/start a b")), "start_malformed");
    assert_eq!(reason(&world, &telegram::text(3, ADA, "/start")), "start_without_code");
    world.wait(15 * 60_000);
    assert_eq!(reason(&world, &telegram::text(4, ADA, &format!("/start {code}"))), "pairing_expired");
}

#[test]
fn nobody_pairs_or_speaks_outside_their_own_private_chat() {
    let world = World::with_bot();
    let pairing = world.pairing("ada");
    let start = format!("/start {}", pairing.code);
    let group = json!({"id": -100, "type": "supergroup"});
    assert_eq!(reason(&world, &telegram::update(1, ADA, &group, &start)), "start_in_group");
    let of_another = json!({"id": BJORN, "type": "private"});
    assert_eq!(reason(&world, &telegram::update(2, ADA, &of_another, &start)), "not_a_person");
    assert_eq!(world.state(&pairing.pairing_id), "pending");

    world.paired("bjorn", BJORN);
    assert_eq!(reason(&world, &telegram::update(3, BJORN, &group, "hello")), "group_chat");
}

#[test]
fn a_disabled_agent_takes_nothing_and_telegram_need_not_try_again() {
    let world = World::with_bot();
    world.paired("ada", ADA);
    world.configure("default", false);
    assert_eq!(reason(&world, &telegram::text(1, ADA, "hello")), "agent_disabled");
}

#[test]
fn a_bot_that_changed_agents_carries_nothing_to_the_one_before() {
    let world = World::with_bot();
    world.paired("ada", ADA);
    world.configure("other", true);
    world.link(&telegram::agreeing("8000000002", "second_bot"), "default", "8000000002:BB").unwrap();
    world.link(&telegram::agreeing(BOT_ID, "helper_bot"), "other", TOKEN).unwrap();
    let bot = IngressBot { agent_key: "other".to_owned(), ..bot() };
    let outcome = block_on(receive(&world.cx(), &bot, &telegram::text(1, ADA, "hello"))).unwrap().outcome;
    assert_eq!(outcome, Outcome::Refused { reason: "not_paired" });
}

#[test]
fn w25_what_cannot_be_read_is_passed_over_and_never_delivered_again() {
    let world = World::with_bot();
    for body in ["", "{", "null", "[]", "{}", r#"{"update_id": "1"}"#, r#"{"message": {}}"#, "{\"update_id\": 1} x"] {
        assert_eq!(reason(&world, body.as_bytes()), "unreadable", "{body}");
    }
    assert_eq!(reason(&world, br#"{"update_id": 1, "message": {"text": 5}}"#), "unreadable");
    assert_eq!(reason(&world, br#"{"update_id": 1, "hologram": {}}"#), "not_for_us");
    assert_eq!(reason(&world, b"\xff\xfe"), "unreadable");
}

#[test]
fn a_text_beyond_the_limit_is_cut_at_a_character() {
    let world = World::with_bot();
    world.paired("ada", ADA);
    let outcome = world.receive(&telegram::text(1, ADA, &format!("x{}", "ä".repeat(40_000)))).unwrap();
    assert!(matches!(outcome, Outcome::Enqueued { .. }));
    let data = world.log().pop().unwrap().data;
    assert_eq!(data["text"].as_str().unwrap().len(), 64 * 1024 - 1);
}
