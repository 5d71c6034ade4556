//! Global skills: deployed, handed out, switched, rolled back, deleted.

use clawstead_domain::skill::{CHANNEL_SKILLS_MAX, Channel, Deploy};
use clawstead_operations::skills::{self, Filter};
use clawstead_vault::{TrustedKeys, sha256_hex};
use futures::executor::block_on;

use crate::skill::{file, saying};
use crate::world::{World, code};

fn keys() -> TrustedKeys {
    TrustedKeys::default()
}

fn events(world: &World) -> Vec<String> {
    world.texts("SELECT type FROM events WHERE stream = 'skill-greeter' ORDER BY version")
}

#[test]
fn a_deployed_skill_is_handed_out_and_the_same_again_changes_nothing() {
    let world = World::new();
    assert_eq!(world.manifest(Channel::Stable).manifest_version, sha256_hex("empty"));
    let first = world.deploy(saying("greeter", "1.0.0", "hello")).unwrap();
    assert!(first.is_new);
    assert_eq!(world.handed(Channel::Stable), ["greeter@1.0.0"]);
    let before = (world.views(), world.manifest(Channel::Stable));

    world.pass(1_000);
    let again = world.deploy(saying("greeter", "1.0.0", "hello")).unwrap();

    assert_eq!((again.is_new, &again.release_id), (false, &first.release_id));
    assert_eq!((world.views(), world.manifest(Channel::Stable)), before);
    assert_eq!(events(&world), ["SkillCreated", "SkillVersionAdded", "SkillActivated"]);
}

#[test]
fn channels_are_apart_until_one_is_pointed_at_what_the_other_has() {
    let world = World::new();
    world.deploy(saying("greeter", "1.0.0", "hello")).unwrap();
    world.deploy(Deploy { channel: Channel::Canary, ..saying("greeter", "1.1.0-rc.1", "hi") }).unwrap();
    assert_eq!(world.handed(Channel::Stable), ["greeter@1.0.0"]);
    assert_eq!(world.handed(Channel::Canary), ["greeter@1.1.0-rc.1"]);

    let activate = |version| block_on(skills::activate(&world.cx(), &keys(), "greeter", Channel::Stable, version));
    let promoted = activate("1.1.0-rc.1").unwrap();
    assert_eq!(world.handed(Channel::Stable), ["greeter@1.1.0-rc.1"]);
    let back = activate("1.0.0").unwrap();
    assert_eq!(world.handed(Channel::Stable), ["greeter@1.0.0"]);
    let release = |skill: &skills::SkillView| skill.channels[&Channel::Stable].release_id.clone();
    assert_ne!(release(&promoted), release(&back));
    assert_eq!(release(&activate("1.0.0").unwrap()), release(&back), "the same again is no new release");
    assert_eq!(code(activate("3.0.0")), "skill_version_not_found");
    assert_eq!(code(block_on(skills::activate(&world.cx(), &keys(), "none", Channel::Stable, "1.0.0"))), "skill_not_found");
}

#[test]
fn a_disabled_skill_is_handed_to_nobody_until_it_is_enabled() {
    let world = World::new();
    world.deploy(saying("greeter", "1.0.0", "hello")).unwrap();
    for _ in 0..2 {
        assert_eq!(block_on(skills::switch(&world.cx(), "greeter", false)).unwrap().status, "disabled");
        assert_eq!(world.handed(Channel::Stable), Vec::<String>::new());
    }
    let deployed = world.deploy(saying("greeter", "1.1.0", "hi")).unwrap();
    assert_eq!(deployed.status, "disabled");
    block_on(skills::switch(&world.cx(), "greeter", true)).unwrap();
    assert_eq!(world.handed(Channel::Stable), ["greeter@1.1.0"]);
    let switched = events(&world).iter().filter(|event| event.ends_with("abled")).count();
    assert_eq!(switched, 2);
    assert_eq!(code(block_on(skills::switch(&world.cx(), "none", true))), "skill_not_found");
}

#[test]
fn a_deleted_skill_is_gone_and_its_name_can_be_used_again() {
    let world = World::new();
    world.deploy(saying("greeter", "1.0.0", "hello")).unwrap();
    world.deploy(Deploy { channel: Channel::Canary, ..saying("greeter", "1.1.0", "hi") }).unwrap();
    let deleted = block_on(skills::delete(&world.cx(), "greeter")).unwrap();
    assert_eq!((deleted.deleted_versions, deleted.deleted_releases), (2, 2));
    assert_eq!(world.handed(Channel::Canary), Vec::<String>::new());
    assert_eq!(code(block_on(skills::get(&world.cx(), "greeter"))), "skill_not_found");
    assert_eq!(code(block_on(skills::versions(&world.cx(), "greeter", i64::MAX, 10))), "skill_not_found");
    assert_eq!(code(block_on(skills::version(&world.cx(), "greeter", "1.0.0"))), "skill_version_not_found");
    assert_eq!(code(block_on(skills::delete(&world.cx(), "greeter"))), "skill_not_found");

    assert!(world.deploy(saying("greeter", "1.0.0", "something else")).unwrap().is_new);
    assert_eq!(world.handed(Channel::Stable), ["greeter@1.0.0"]);
}

#[test]
fn a_list_has_what_the_filter_lets_through_before_it_is_cut() {
    let world = World::new();
    for n in 0..6 {
        let channel = if n % 2 == 0 { Channel::Stable } else { Channel::Canary };
        world.deploy(Deploy { channel, ..saying(&format!("skill{n}"), "1.0.0", "hello") }).unwrap();
    }
    for slug in ["skill0", "skill1"] {
        block_on(skills::switch(&world.cx(), slug, false)).unwrap();
    }
    let listed = |enabled, channel, after: &str, limit| {
        let listed = block_on(skills::list(&world.cx(), Filter { enabled, channel }, after, limit)).unwrap();
        listed.into_iter().map(|skill| skill.slug).collect::<Vec<_>>()
    };
    assert_eq!(listed(None, None, "", 2), ["skill0", "skill1"]);
    assert_eq!(listed(None, None, "skill3", 10), ["skill4", "skill5"]);
    assert_eq!(listed(Some(true), None, "", 2), ["skill2", "skill3"]);
    assert_eq!(listed(Some(false), None, "skill0", 2), ["skill1"]);
    assert_eq!(listed(None, Some(Channel::Canary), "", 2), ["skill1", "skill3"]);
    assert_eq!(listed(Some(true), Some(Channel::Canary), "", 2), ["skill3", "skill5"]);
}

#[test]
fn versions_are_listed_newest_first_and_one_is_shown_with_its_files() {
    let world = World::new();
    for version in ["1.0.0", "2.0.0", "1.1.0"] {
        world.deploy(saying("greeter", version, version)).unwrap();
    }
    let page = |before, limit| {
        let page = block_on(skills::versions(&world.cx(), "greeter", before, limit)).unwrap();
        (page.iter().map(|one| one.version.clone()).collect::<Vec<_>>(), page.last().map_or(0, |one| one.position))
    };
    let (newest, before) = page(i64::MAX, 2);
    assert_eq!(newest, ["1.1.0", "2.0.0"]);
    assert_eq!(page(before, 2).0, ["1.0.0"]);
    let shown = block_on(skills::version(&world.cx(), "greeter", "2.0.0")).unwrap();
    let paths: Vec<_> = shown.files.iter().flatten().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["scripts/index.mjs", "SKILL.md"]);
}

#[test]
fn a_channel_holds_no_more_than_a_worker_can_be_handed_at_once() {
    let large = |n: usize| {
        let mut command = saying(&format!("large{n:02}"), "1.0.0", "hello");
        command.files.push(file("data.txt", &"x".repeat(190_000)));
        command
    };
    let world = World::new();
    for n in 0..21 {
        world.deploy(large(n)).unwrap();
    }
    let before = world.views();
    assert_eq!(code(world.deploy(large(21))), "skill_channel_full");
    assert_eq!(world.views(), before, "nothing of it is there");
    world.deploy(Deploy { channel: Channel::Canary, ..large(21) }).unwrap();
    let to_stable = || block_on(skills::activate(&world.cx(), &keys(), "large21", Channel::Stable, "1.0.0"));
    assert_eq!(code(to_stable()), "skill_channel_full");
    block_on(skills::delete(&world.cx(), "large00")).unwrap();
    to_stable().unwrap();

    let world = World::new();
    for n in 0..CHANNEL_SKILLS_MAX {
        world.deploy(saying(&format!("small{n}"), "1.0.0", "hello")).unwrap();
    }
    assert_eq!(code(world.deploy(saying("one-more", "1.0.0", "hello"))), "skill_channel_full");
    world.deploy(saying("small0", "2.0.0", "hello")).unwrap();
}

#[test]
fn what_is_not_as_it_was_deployed_is_left_out_and_the_others_are_handed_out() {
    for damage in [
        "files = replace(files, 'hello', 'hullo')",
        "files = '[]'",
        "files = 'x'",
        "files = replace(files, 'SKILL.md', '../SKILL.md')",
        "module_format = 'wat'",
        "sha256 = 'f00'",
    ] {
        let world = World::new();
        for slug in ["first", "greeter", "last"] {
            world.deploy(saying(slug, "1.0.0", "hello")).unwrap();
        }
        world.rows(&format!("UPDATE skill_versions SET {damage} WHERE slug = 'greeter'"));
        let manifest = world.manifest(Channel::Stable);
        let left_out: Vec<_> = manifest.left_out.iter().map(|skill| skill.slug.as_str()).collect();
        assert_eq!((world.handed(Channel::Stable), left_out), (vec!["first@1.0.0".into(), "last@1.0.0".into()], vec!["greeter"]));
        block_on(world.ledger.rebuild("test", world.now(), 100, |_| {})).unwrap();
        assert_eq!(world.handed(Channel::Stable).len(), 3, "the log has it whole: {damage}");
    }
}

#[test]
fn skills_are_handed_out_in_the_order_of_the_existing_system() {
    let world = World::new();
    for slug in ["bb", "b-b", "b_b", "b1", "ab"] {
        world.deploy(saying(slug, "1.0.0", "hello")).unwrap();
    }
    assert_eq!(world.handed(Channel::Stable), ["ab@1.0.0", "b_b@1.0.0", "b-b@1.0.0", "b1@1.0.0", "bb@1.0.0"]);
}
