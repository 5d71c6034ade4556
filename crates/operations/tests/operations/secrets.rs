//! Secrets: sealed, opened, rotated.

use clawstead_operations::{OperationError, secrets};
use clawstead_vault::KeyRing;
use futures::executor::block_on;

use crate::world::{World, code};

const OLD: &str = "old:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW: &str = "new:Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

fn keys(configured: &str) -> KeyRing {
    KeyRing::parse(configured).unwrap()
}

fn opened(world: &World, keys: &KeyRing, secret_ref: &str) -> Option<String> {
    block_on(secrets::open(&world.cx(), keys, secret_ref)).unwrap().map(|secret| secret.expose().clone())
}

#[test]
fn the_newest_version_is_opened() {
    let (world, keys) = (World::new(), keys(OLD));
    assert_eq!(opened(&world, &keys, "bot"), None);
    for (value, version) in [("first", 1), ("second", 2), ("second", 3)] {
        assert_eq!(block_on(secrets::import(&world.cx(), &keys, "bot", value)).unwrap().version, version);
        assert_eq!(opened(&world, &keys, "bot").as_deref(), Some(value));
    }
    assert_eq!(opened(&world, &keys, "another"), None);
}

#[test]
fn a_value_that_is_there_already_gets_no_new_version() {
    let (world, keys) = (World::new(), keys(OLD));
    let import = |value: &str| block_on(secrets::import_if_new(&world.cx(), &keys, "bot", value)).unwrap().version;
    assert_eq!([import("x"), import("x"), import("y"), import("y")], [1, 1, 2, 2]);
}

#[test]
fn keys_are_rotated_while_old_versions_stay_readable() {
    let world = World::new();
    block_on(secrets::import(&world.cx(), &keys(OLD), "bot", "value")).unwrap();
    let both = keys(&format!("{NEW},{OLD}"));
    assert_eq!(opened(&world, &both, "bot").as_deref(), Some("value"));
    block_on(secrets::import(&world.cx(), &both, "bot", "value")).unwrap();
    assert_eq!(opened(&world, &keys(NEW), "bot").as_deref(), Some("value"));
    let lost = block_on(secrets::open(&world.cx(), &keys(OLD), "bot"));
    assert!(matches!(lost, Err(OperationError::Vault { secret_ref, .. }) if secret_ref == "bot"));
}

#[test]
fn sealed_bytes_under_another_ref_do_not_open() {
    let (world, keys) = (World::new(), keys(OLD));
    block_on(secrets::import(&world.cx(), &keys, "one", "value of one")).unwrap();
    block_on(secrets::import(&world.cx(), &keys, "two", "value of two")).unwrap();
    world
        .rows("UPDATE secrets SET sealed_id = (SELECT sealed_id FROM secrets WHERE secret_ref = 'one') WHERE secret_ref = 'two'");
    assert!(matches!(block_on(secrets::open(&world.cx(), &keys, "two")), Err(OperationError::Vault { .. })));
}

#[test]
fn no_value_is_stored_readable() {
    let (world, keys) = (World::new(), keys(OLD));
    block_on(secrets::import(&world.cx(), &keys, "bot", "hunter2hunter2")).unwrap();
    world.rows("PRAGMA wal_checkpoint(TRUNCATE)");
    let bytes = std::fs::read(world.folder.path().join("test.db")).unwrap();
    let holds = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
    assert!(holds(b"SecretImported"));
    assert!(!holds(b"hunter2"));
}

#[test]
fn a_blank_value_is_refused() {
    let world = World::new();
    assert_eq!(code(block_on(secrets::import(&world.cx(), &keys(OLD), "bot", " "))), "invalid_field");
    assert_eq!(world.rows("SELECT * FROM sealed_secrets"), Vec::<String>::new());
}
