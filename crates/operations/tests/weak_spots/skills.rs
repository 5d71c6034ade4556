//! Global skills: W-35, W-51, W-63. What a path may be is tried in `crates/domain/src/skill/tests/grammar.rs`, signatures in
//! `operations/skills_signed.rs`.

use clawstead_domain::skill::{Channel, Deploy, NewFile};
use clawstead_operations::skills;
use clawstead_vault::{TrustedKeys, sha256_hex};
use futures::executor::block_on;

use crate::skill::{file, saying};
use crate::world::{World, code};

fn with(more: NewFile) -> Deploy {
    let mut command = saying("greeter", "1.0.0", "hello");
    command.files.push(more);
    command
}

#[test]
fn w35_a_path_that_leaves_its_folder_or_means_another_file_is_refused() {
    let world = World::new();
    for path in [
        "..",
        "a/..",
        "../a",
        "./SKILL.md",
        "./.af-global-skill.json",
        ".af-global-skill.json",
        "a//b",
        "a/",
        "/a",
        "C:\\a",
        "a\\b",
        "skill.md",
        "Scripts/index.mjs",
        "scripts",
        "SKILL.md\n",
        "a\nb",
        "a\u{0}b",
        "\u{1b}[2J",
        "SKILL.md.",
        "e\u{301}",
    ] {
        assert_eq!(code(world.deploy(with(file(path, "")))), "skill_path_invalid", "{path:?}");
    }
    assert!(world.rows("SELECT 1 FROM events WHERE stream LIKE 'skill-%'").is_empty());
}

#[test]
fn w35_a_checksum_is_not_believed() {
    let world = World::new();
    let forged = NewFile { sha256: Some(sha256_hex("something else")), ..file("a.txt", "hello") };
    assert_eq!(code(world.deploy(with(forged))), "skill_checksum_mismatch");
    let right = NewFile { sha256: Some(sha256_hex("hello").to_uppercase()), ..file("a.txt", "hello") };
    world.deploy(with(right)).unwrap();
}

#[test]
fn w35_two_bundles_that_differ_have_different_hashes() {
    // With line feeds in paths, the content of one bundle could be written as the path of another.
    let world = World::new();
    let cut = format!("b\n{}\nb\n---\nc", sha256_hex("b"));
    assert_eq!(code(world.deploy(with(file(&cut, "c")))), "skill_path_invalid");
    let one = world.deploy(with(file("b", "b\n---\nc"))).unwrap();
    let mut two = with(file("b", "b"));
    (two.version, two.files) = ("1.0.1".into(), two.files.into_iter().chain([file("c", "")]).collect());
    let two = world.deploy(two).unwrap();
    assert!(one.sha256 != two.sha256 && one.digest != two.digest);
}

#[test]
fn w35_the_log_says_who_it_was_and_nobody_says_it_for_himself() {
    let world = World::new();
    world.deploy(saying("greeter", "1.0.0", "hello")).unwrap();
    block_on(skills::switch(&world.cx(), "greeter", false)).unwrap();
    let actors = world.texts("SELECT DISTINCT meta ->> '$.actor' FROM events WHERE stream = 'skill-greeter'");
    assert_eq!(actors, ["test:1"]);
}

#[test]
fn w35_a_deploy_does_not_switch_a_disabled_skill_on() {
    let world = World::new();
    world.deploy(saying("greeter", "1.0.0", "hello")).unwrap();
    block_on(skills::switch(&world.cx(), "greeter", false)).unwrap();
    for (version, channel) in [("1.0.0", Channel::Stable), ("2.0.0", Channel::Stable), ("2.0.0", Channel::Canary)] {
        let outcome = world.deploy(Deploy { channel, ..saying("greeter", version, "hello") }).unwrap();
        assert_eq!(outcome.status, "disabled", "it is said");
        assert_eq!(world.handed(channel), Vec::<String>::new());
    }
    block_on(skills::activate(&world.cx(), &TrustedKeys::default(), "greeter", Channel::Stable, "1.0.0")).unwrap();
    assert_eq!(world.handed(Channel::Stable), Vec::<String>::new());
}

#[test]
fn w51_one_damaged_skill_does_not_keep_the_others_from_workers() {
    let world = World::new();
    for slug in ["first", "second"] {
        world.deploy(saying(slug, "1.0.0", "hello")).unwrap();
    }
    world.rows("UPDATE skill_versions SET files = replace(files, 'hello', 'hullo') WHERE slug = 'first'");
    assert_eq!(world.handed(Channel::Stable), ["second@1.0.0"]);
    assert_eq!(world.manifest(Channel::Stable).left_out.len(), 1);
}

#[test]
fn w63_a_version_is_a_semantic_version() {
    let world = World::new();
    for bad in ["01.0.0", "1.0", "1.0.0-01", "1.0.0-a..b", "v1.0.0", "1.0.0\n", ""] {
        assert_eq!(code(world.deploy(saying("greeter", bad, "hello"))), "skill_version_invalid", "{bad:?}");
    }
    world.deploy(saying("greeter", "1.0.0-a+b", "hello")).unwrap();
    assert_eq!(world.handed(Channel::Stable), ["greeter@1.0.0-a+b"]);
}
