use clawstead_operations::pairings::{create, expire_due, get};
use futures::executor::block_on;

use crate::telegram::{self, BOT_ID};
use crate::world::{AGENT, START, World, refused};

#[test]
fn a_code_is_shown_once_and_kept_as_its_hash() {
    let world = World::with_bot();
    let pairing = block_on(create(&world.cx(), &world.keys, "ada", AGENT, Some(120_000))).unwrap();
    assert_eq!((pairing.code.len(), pairing.expires_at), (12, START + 120_000));
    let kept = serde_json::to_string(&block_on(get(&world.cx(), &pairing.pairing_id)).unwrap()).unwrap();
    assert!(!kept.contains(&pairing.code));
    assert!(kept.contains("\"state\":\"pending\"") && kept.contains(BOT_ID));
    assert!(block_on(get(&world.cx(), "nothing")).unwrap().is_none());
}

#[test]
fn an_agent_without_a_bot_has_no_codes() {
    let world = World::with_agent();
    assert_eq!(refused(block_on(create(&world.cx(), &world.keys, "ada", AGENT, None))), "bot_missing");
}

#[test]
fn only_an_enabled_agent_is_paired_with() {
    let world = World::with_bot();
    assert_eq!(refused(block_on(create(&world.cx(), &world.keys, "ada", "nobody", None))), "agent_not_found");
    assert_eq!(refused(block_on(create(&world.cx(), &world.keys, "a b", AGENT, None))), "invalid_field");
    world.configure(AGENT, false);
    assert_eq!(refused(block_on(create(&world.cx(), &world.keys, "ada", AGENT, None))), "agent_disabled");
}

#[test]
fn three_codes_of_a_user_and_agent_may_wait() {
    let world = World::with_bot();
    world.configure("other", true);
    world.link(&telegram::agreeing("8000000002", "other_bot"), "other", "8000000002:BB").unwrap();
    for _ in 0..3 {
        world.pairing("ada");
    }
    assert_eq!(refused(block_on(create(&world.cx(), &world.keys, "ada", AGENT, None))), "too_many_pairings");
    assert!(block_on(create(&world.cx(), &world.keys, "bjorn", AGENT, None)).is_ok());
    assert!(block_on(create(&world.cx(), &world.keys, "ada", "other", None)).is_ok());

    world.wait(15 * 60_000);
    assert!(block_on(create(&world.cx(), &world.keys, "ada", AGENT, None)).is_ok());
}

#[test]
fn a_code_is_expired_before_the_tick_says_so_and_after() {
    let world = World::with_bot();
    let pairing = world.pairing("ada");
    world.wait(15 * 60_000 - 1);
    assert_eq!(world.state(&pairing.pairing_id), "pending");
    assert_eq!(block_on(expire_due(&world.cx(), 10)).unwrap(), 0);

    world.wait(1);
    assert_eq!((world.state(&pairing.pairing_id).as_str(), world.count("PairingExpired")), ("expired", 0));
    assert_eq!(block_on(expire_due(&world.cx(), 10)).unwrap(), 1);
    assert_eq!(block_on(expire_due(&world.cx(), 10)).unwrap(), 0);
    assert_eq!((world.state(&pairing.pairing_id).as_str(), world.count("PairingExpired")), ("expired", 1));
}
