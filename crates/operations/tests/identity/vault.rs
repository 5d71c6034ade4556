//! Master keys, and the end of secrets.

use clawstead_operations::secrets::{self, KeysError, check_keys, collect, destroy, reseal, status};
use clawstead_vault::KeyRing;
use futures::executor::block_on;

use crate::world::{World, refused};

const K1: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const K2: &str = "k2:Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";
const K1_WRONG: &str = "k1:Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

fn ring(keys: &str) -> KeyRing {
    KeyRing::parse(keys).unwrap()
}

fn check(world: &World, keys: &str) -> Result<(), KeysError> {
    block_on(check_keys(&world.cx(), &ring(keys)))
}

fn import(world: &World, keys: &str, secret_ref: &str, value: &str) {
    block_on(secrets::import(&world.cx(), &ring(keys), secret_ref, value)).unwrap();
}

fn opened(world: &World, keys: &str, secret_ref: &str) -> Option<String> {
    block_on(secrets::open(&world.cx(), &ring(keys), secret_ref)).unwrap().map(|secret| secret.expose().clone())
}

fn sealed(world: &World) -> Vec<(String, i64, String)> {
    let sql = "SELECT secret_ref, version, key_id FROM sealed_secrets ORDER BY sealed_id";
    let rows = block_on(world.cx().sql(sql, &[])).unwrap();
    rows.iter()
        .map(|row| (row.text("secret_ref").unwrap(), row.integer("version").unwrap(), row.text("key_id").unwrap()))
        .collect()
}

#[test]
fn the_right_keys_pass_again_and_again() {
    let world = World::new();
    for _ in 0..2 {
        check(&world, K1).unwrap();
    }
    check(&world, &format!("{K2},{K1}")).unwrap();
    check(&world, &format!("{K1},{K2}")).unwrap();
}

#[test]
fn a_key_with_the_id_of_another_is_found_out_at_the_start() {
    let world = World::new();
    check(&world, K1).unwrap();
    assert!(matches!(check(&world, K1_WRONG), Err(KeysError::Wrong(id)) if id == "k1"));
    assert!(matches!(check(&world, &format!("{K2},{K1_WRONG}")), Err(KeysError::Wrong(_))));
    check(&world, K1).unwrap();
}

#[test]
fn without_a_canary_what_is_sealed_finds_a_wrong_key_out() {
    let world = World::new();
    import(&world, K1, "bot", "value");
    assert!(matches!(check(&world, K1_WRONG), Err(KeysError::Wrong(_))));
    check(&world, K1).unwrap();
    assert_eq!(opened(&world, K1, "bot").as_deref(), Some("value"));
}

#[test]
fn a_key_that_secrets_need_cannot_be_left_out_and_nothing_is_overwritten() {
    let world = World::new();
    check(&world, K1).unwrap();
    import(&world, K1, "bot", "value");
    let before = sealed(&world);
    assert!(matches!(check(&world, K2), Err(KeysError::Missing(id)) if id == "k1"));
    assert_eq!(sealed(&world), before);
    assert!(block_on(secrets::open_or_mint(&world.cx(), &ring(K2), "bot", || "new".to_owned())).is_err());
    assert_eq!(opened(&world, K1, "bot").as_deref(), Some("value"));
}

#[test]
fn everything_is_sealed_again_step_by_step_and_then_the_old_key_may_go() {
    let world = World::new();
    check(&world, K1).unwrap();
    for number in 0..5 {
        world.wait(1);
        import(&world, K1, &format!("ref{number}"), &format!("value {number}"));
    }
    let both = format!("{K2},{K1}");
    let (mut after, mut steps, mut resealed) = (String::new(), 0, 0);
    loop {
        let done = block_on(reseal(&world.cx(), &ring(&both), &after, 2)).unwrap();
        assert!(done.failed.is_empty());
        (steps, resealed) = (steps + 1, resealed + done.resealed);
        match done.next_after {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!((steps, resealed), (3, 5));
    assert!(sealed(&world).iter().all(|(_, _, key_id)| key_id == "k2"));
    check(&world, K2).unwrap();
    assert_eq!(opened(&world, K2, "ref3").as_deref(), Some("value 3"));
    assert_eq!(block_on(reseal(&world.cx(), &ring(K2), "", 100)).unwrap().resealed, 0);
}

#[test]
fn what_cannot_be_opened_is_named_and_holds_up_nothing() {
    let world = World::new();
    import(&world, K1, "lost", "value");
    import(&world, K2, "kept", "value");
    let done =
        block_on(reseal(&world.cx(), &ring(&format!("k3:AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,{K2}")), "", 10)).unwrap();
    assert_eq!((done.resealed, done.failed), (1, vec!["lost".to_owned()]));
    assert_eq!(opened(&world, K1, "lost").as_deref(), Some("value"));
}

/// W11, W23: an old version has no bytes any more, and neither has a destroyed secret.
#[test]
fn w11_w23_old_versions_and_destroyed_secrets_leave_no_bytes() {
    let world = World::new();
    for value in ["one", "two", "three"] {
        import(&world, K1, "bot", value);
    }
    assert_eq!(block_on(collect(&world.cx(), 10)).unwrap(), 2);
    assert_eq!(sealed(&world), [("bot".to_owned(), 3, "k1".to_owned())]);
    block_on(destroy(&world.cx(), "bot")).unwrap();
    block_on(destroy(&world.cx(), "bot")).unwrap();
    assert!(sealed(&world).is_empty());
    assert_eq!(opened(&world, K1, "bot"), None);
    assert_eq!(world.count("SecretDestroyed"), 3);
    assert!(!block_on(status(&world.cx(), &["bot".to_owned()])).unwrap()[0].has_active);
    import(&world, K1, "bot", "four");
    let standing = block_on(status(&world.cx(), &["bot".to_owned(), "nothing".to_owned()])).unwrap();
    assert_eq!((standing[0].version, standing[1].has_active), (Some(4), false));
    assert_eq!(refused(block_on(destroy(&world.cx(), "nothing"))), "secret_not_found");
}

#[test]
fn a_crash_while_destroying_is_healed_by_the_tick() {
    for before in ["DELETE FROM sealed_secrets", "SecretDestroyed"] {
        let world = World::new();
        import(&world, K1, "bot", "value");
        world.stage().crash_before(before);
        block_on(destroy(&world.cx(), "bot")).unwrap_err();
        assert_eq!(opened(&world, K1, "bot"), None, "{before}: out of force from the first moment");
        assert_eq!(block_on(collect(&world.cx(), 10)).unwrap(), 1, "{before}");
        assert!(sealed(&world).is_empty(), "{before}");
    }
}

#[test]
fn bytes_that_nobody_points_at_go_when_everything_is_sealed_again() {
    let world = World::new();
    world.stage().crash_before("SecretImported");
    block_on(secrets::import(&world.cx(), &ring(K1), "bot", "value")).unwrap_err();
    assert_eq!(block_on(reseal(&world.cx(), &ring(K1), "", 10)).unwrap().removed, 0, "its event may be about to come");
    world.wait(3_600_001);
    assert_eq!(block_on(reseal(&world.cx(), &ring(K1), "", 10)).unwrap().removed, 1);
}

/// W11: characters outside the basic plane came back as others.
#[test]
fn w11_any_unicode_value_comes_back_as_it_was() {
    let world = World::new();
    for value in ["𝕏🦞 ünï\u{0}code\n", "\u{10ffff}", " leading and trailing "] {
        import(&world, K1, "bot", value);
        assert_eq!(opened(&world, K1, "bot").as_deref(), Some(value));
    }
    assert_eq!(refused(block_on(secrets::import(&world.cx(), &ring(K1), "bot", "  "))), "invalid_field");
}

/// W11, W-23: without the master key the database tells nothing, and what is sealed is of no use in another place.
#[test]
fn w11_w23_what_is_stored_is_sealed_and_bound_to_its_place() {
    let world = World::new();
    import(&world, K1, "bot", "a secret value");
    import(&world, K1, "bridge", "another value!");
    let rows = block_on(world.cx().sql("SELECT * FROM sealed_secrets", &[])).unwrap();
    let stored = format!("{rows:?} {:?}", world.log());
    let bytes = format!("{:?}", "a secret value".as_bytes());
    assert!(!stored.contains("secret value") && !stored.contains(bytes.trim_matches(['[', ']'])), "in clear");
    // Whoever can write the database puts the one in the place of the other.
    let put = "UPDATE sealed_secrets SET (nonce, ciphertext) = \
               (SELECT o.nonce, o.ciphertext FROM sealed_secrets o WHERE o.secret_ref = 'bridge') WHERE secret_ref = 'bot'";
    block_on(world.cx().sql(put, &[])).unwrap();
    assert!(block_on(secrets::open(&world.cx(), &ring(K1), "bot")).is_err());
    assert_eq!(opened(&world, K1, "bridge").as_deref(), Some("another value!"));
}
