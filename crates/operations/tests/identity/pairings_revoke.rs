//! Codes that are taken back.

use clawstead_operations::pairings::{self, consume, create, revoke};
use futures::executor::block_on;

use crate::telegram::ADA;
use crate::world::{AGENT, World, account, refused};

#[test]
fn a_code_that_was_taken_back_is_of_no_use() {
    let world = World::with_bot();
    let pairing = world.pairing("ada");
    block_on(revoke(&world.cx(), &pairing.pairing_id)).unwrap();
    block_on(revoke(&world.cx(), &pairing.pairing_id)).unwrap();
    assert_eq!((world.state(&pairing.pairing_id).as_str(), world.count("PairingRevoked")), ("revoked", 1));
    assert_eq!(refused(block_on(consume(&world.cx(), &pairing.code, &account(ADA)))), "pairing_revoked");
    assert_eq!(refused(block_on(revoke(&world.cx(), "nothing"))), "pairing_not_found");
}

#[test]
fn a_used_or_expired_code_cannot_be_taken_back() {
    let world = World::with_bot();
    let used = world.pairing("ada");
    block_on(consume(&world.cx(), &used.code, &account(ADA))).unwrap();
    assert_eq!(refused(block_on(revoke(&world.cx(), &used.pairing_id))), "pairing_used");
    let late = world.pairing("bjorn");
    world.wait(86_400_000);
    assert_eq!(refused(block_on(revoke(&world.cx(), &late.pairing_id))), "pairing_expired");
}

#[test]
fn a_code_that_is_used_and_taken_back_at_once_is_one_or_the_other() {
    for lag in 0..12 {
        let world = World::with_bot();
        let pairing = world.pairing("ada");
        world.stage().take_turns();
        let (left, right) = (world.cx(), world.cx());
        let ada = account(ADA);
        let late = async {
            world.lag(lag).await;
            revoke(&right, &pairing.pairing_id).await
        };
        let (used, revoked) = block_on(async { futures::join!(consume(&left, &pairing.code, &ada), late) });
        assert!(used.is_ok() != revoked.is_ok(), "{lag}: {used:?} {revoked:?}");
        assert_eq!(world.count("BindingMade"), usize::from(used.is_ok()), "{lag}");
        let state = if used.is_ok() { "used" } else { "revoked" };
        assert_eq!(world.state(&pairing.pairing_id), state, "{lag}");
    }
}

/// Two that look at the same moment both see room for one more.
#[test]
fn of_two_that_make_the_last_code_at_once_one_is_refused() {
    for lag in 0..8 {
        let world = World::with_bot();
        let (_, _) = (world.pairing("ada"), world.pairing("ada"));
        world.stage().take_turns();
        let (left, right) = (world.cx(), world.cx());
        let late = async {
            world.lag(lag).await;
            create(&right, &world.keys, "ada", AGENT, None).await
        };
        let early = create(&left, &world.keys, "ada", AGENT, None);
        let (first, second) = block_on(async { futures::join!(early, late) });
        assert!(first.is_ok() != second.is_ok(), "{lag}");
        assert_eq!(refused(if first.is_ok() { second } else { first }), "too_many_pairings", "{lag}");
        assert_eq!(world.count("PairingCreated"), 3, "{lag}");
    }
}

#[test]
fn whoever_made_a_code_can_see_it_again_though_only_its_hash_is_kept() {
    let world = World::with_bot();
    let made = world.pairing("ada");
    let pairing = block_on(pairings::newest_pending(&world.cx(), "ada", AGENT)).unwrap().unwrap();
    assert_eq!(pairings::code_of(&world.keys, &pairing).as_deref(), Some(made.code.as_str()));
    let rotated = "k2:Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";
    let both = format!("{rotated},k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    let ring = |text: &str| clawstead_vault::KeyRing::parse(text).unwrap();
    assert_eq!(pairings::code_of(&ring(&both), &pairing), Some(made.code));
    assert_eq!(pairings::code_of(&ring(rotated), &pairing), None);
}

#[test]
fn pairings_are_listed_from_the_newest_and_found_by_their_code() {
    let world = World::with_bot();
    let ids: Vec<String> = (0..3)
        .map(|_| {
            world.wait(1);
            world.pairing("ada").pairing_id
        })
        .collect();
    let first = block_on(pairings::list(&world.cx(), "ada", None, 2)).unwrap();
    let rest = block_on(pairings::list(&world.cx(), "ada", Some(&first[1].pairing_id), 2)).unwrap();
    let listed: Vec<&str> = first.iter().chain(&rest).map(|pairing| pairing.pairing_id.as_str()).collect();
    assert_eq!(listed, [ids[2].as_str(), &ids[1], &ids[0]]);
    let code = world.pairing("bjorn").code.to_lowercase();
    assert_eq!(block_on(pairings::by_code(&world.cx(), &code)).unwrap().unwrap().consumer_user_id, "bjorn");
}
