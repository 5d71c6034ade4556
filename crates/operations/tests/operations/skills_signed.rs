//! Skills where the operator has named who may sign them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clawstead_domain::skill::{Channel, Deploy, Release, signed_message};
use clawstead_operations::skills::{self, Manifest};
use clawstead_vault::TrustedKeys;
use ed25519_dalek::{Signer as _, SigningKey};
use futures::executor::block_on;

use crate::skill::{check_as_a_worker, file, saying};
use crate::world::{World, code};

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn trusting(seeds: &[u8]) -> TrustedKeys {
    let entry = |seed: &u8| format!("k{seed}:{}", STANDARD.encode(key(*seed).verifying_key().to_bytes()));
    TrustedKeys::parse(&seeds.iter().map(entry).collect::<Vec<_>>().join(",")).unwrap()
}

fn signed(command: Deploy, seed: u8) -> Deploy {
    let digest = Release::check(command.clone()).unwrap().digest().to_owned();
    let signature = STANDARD.encode(key(seed).sign(signed_message(&digest).as_bytes()).to_bytes());
    Deploy { signature: Some(signature), ..command }
}

fn manifest(world: &World, keys: &TrustedKeys) -> Manifest {
    let manifest = block_on(skills::manifest(&world.cx(), keys, Channel::Stable)).unwrap();
    manifest.skills.iter().for_each(check_as_a_worker);
    manifest
}

#[test]
fn w35_where_keys_are_trusted_only_what_they_signed_is_deployed() {
    let world = World::new();
    let deploy = |keys: &TrustedKeys, command| block_on(skills::deploy(&world.cx(), keys, command));
    let command = || saying("greeter", "1.0.0", "hello");
    assert_eq!(code(deploy(&trusting(&[1]), command())), "skill_signature_missing");
    assert_eq!(code(deploy(&trusting(&[1]), signed(command(), 2))), "skill_signature_invalid");
    let of_another = Deploy { signature: signed(command(), 1).signature, ..saying("greeter", "1.0.0", "hullo") };
    assert_eq!(code(deploy(&trusting(&[1]), of_another)), "skill_signature_invalid");
    assert_eq!(code(deploy(&TrustedKeys::default(), signed(command(), 1))), "skill_signature_unwanted");
    assert!(world.rows("SELECT 1 FROM events WHERE stream LIKE 'skill-%'").is_empty());

    deploy(&trusting(&[2, 1]), signed(command(), 1)).unwrap();
    deploy(&trusting(&[2, 1]), signed(command(), 1)).unwrap();
    assert_eq!(world.rows("SELECT 1 FROM events WHERE stream = 'skill-greeter'").len(), 3);
    assert_eq!(manifest(&world, &trusting(&[1])).skills.len(), 1);
}

#[test]
fn a_signature_is_for_one_slug_version_and_content() {
    let world = World::new();
    let keys = trusting(&[1]);
    let signature = signed(saying("greeter", "1.0.0", "hello"), 1).signature;
    for other in [saying("greeter2", "1.0.0", "hello"), saying("greeter", "1.0.1", "hello")] {
        let command = Deploy { signature: signature.clone(), ..other };
        assert_eq!(code(block_on(skills::deploy(&world.cx(), &keys, command))), "skill_signature_invalid");
    }
}

/// Keys may be named, and taken away, when skills are there already.
#[test]
fn what_is_not_signed_with_a_key_that_is_trusted_now_is_not_handed_out() {
    let world = World::new();
    world.deploy(saying("greeter", "1.0.0", "hello")).unwrap();
    world.deploy(saying("greeter", "1.1.0", "hi")).unwrap();
    let (one, two) = (trusting(&[1]), trusting(&[2]));
    let strict = manifest(&world, &one);
    assert_eq!((strict.skills.len(), strict.left_out[0].slug.as_str()), (0, "greeter"));
    let back = |keys: &TrustedKeys| block_on(skills::activate(&world.cx(), keys, "greeter", Channel::Stable, "1.0.0"));
    assert_eq!(code(back(&one)), "skill_signature_untrusted");

    // Signed after all: the same version, and one event.
    block_on(skills::deploy(&world.cx(), &one, signed(saying("greeter", "1.1.0", "hi"), 1))).unwrap();
    assert_eq!(manifest(&world, &one).skills.len(), 1);
    assert_eq!(manifest(&world, &two).skills.len(), 0);
    assert_eq!(manifest(&world, &TrustedKeys::default()).skills.len(), 1);
    let anew = world.rows("SELECT 1 FROM events WHERE type = 'SkillVersionSigned'").len();
    let added = world.rows("SELECT 1 FROM events WHERE type = 'SkillVersionAdded'").len();
    assert_eq!((anew, added), (1, 2));
}

/// Whoever can write to the database cannot have a program of his run by workers.
#[test]
fn w35_a_change_in_the_database_is_found_by_the_signature_when_every_hash_fits() {
    let world = World::new();
    let keys = trusting(&[1]);
    block_on(skills::deploy(&world.cx(), &keys, signed(saying("greeter", "1.0.0", "hello"), 1))).unwrap();
    let forged = Release::check(saying("greeter", "1.0.0", "forged")).unwrap();
    let other = World::new();
    other.deploy(saying("greeter", "1.0.0", "forged")).unwrap();
    let files = other.texts("SELECT files FROM skill_versions").remove(0).replace('\'', "''");
    let (sha256, digest) = (forged.sha256(), forged.digest());
    world.rows(&format!("UPDATE skill_versions SET files = '{files}', sha256 = '{sha256}', digest = '{digest}'"));
    assert_eq!(manifest(&world, &TrustedKeys::default()).skills.len(), 1, "without keys nobody can tell");
    assert_eq!(manifest(&world, &keys).left_out[0].reason, "it is not signed with a key that is trusted");
}

/// The key, and the signature of this release, as the commands of `docs/skills.md` made them (OpenSSL, Python).
#[test]
fn a_release_that_was_signed_as_the_document_says_is_taken() {
    let world = World::new();
    let keys = TrustedKeys::parse("ci:MCowBQYDK2VwAyEAK8lXv1y6DOYc1SLNKWIRo/pBtECY9YtUESM0D0AhNpQ=").unwrap();
    let signature = "phhUck1w2yzQkgcAm6EHXxDOAypji4fUoZZTBbo7/3kQHAYc/GFj4W5SKsktooWqhlUb/BWM1ystJVSRKCIqBg==";
    let command = Deploy {
        files: vec![file("SKILL.md", "# Greets\n"), file("scripts/index.mjs", "export default () => \"ciao\";\n")],
        signature: Some(signature.to_owned()),
        ..saying("greeter", "1.0.0", "")
    };
    block_on(skills::deploy(&world.cx(), &keys, command)).unwrap();
    assert_eq!(manifest(&world, &keys).skills.len(), 1);
}
