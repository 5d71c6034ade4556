//! Deploys that nobody expects. What is taken can be handed to a worker, and what is not is refused with a reason.

use std::collections::BTreeSet;

use clawstead_domain::skill::{BUNDLE_BYTES_MAX, Channel, Deploy, ModuleFormat, NewFile};
use clawstead_fuzz::Target;
use clawstead_operations::OperationError;
use clawstead_operations::skills::Outcome;
use clawstead_vault::sha256_hex;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{RngSeed, TestRunner};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::odd::{odd, twist};
use crate::world::World;

/// How many deploys.
const COMMANDS: usize = 3_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    slug: String,
    version: String,
    files: Vec<NewFile>,
    module_format: Option<ModuleFormat>,
    entry_point: Option<String>,
    display_name: Option<String>,
    description: Option<String>,
    signature: Option<String>,
}

fn text() -> impl Strategy<Value = String> {
    let texts =
        ["", "default", "esm", "..", "a/../../b", "SKILL.md", "skill.md", "scripts/index.mjs", "scripts/index.cjs", "\n---\n"];
    prop_oneof![3 => select(texts.to_vec()).prop_map(str::to_owned), 2 => "[a-zA-Z0-9._/-]{0,20}", 1 => any::<String>()]
}

fn file() -> impl Strategy<Value = Value> {
    let content = prop_oneof![4 => any::<String>(), 1 => (0..BUNDLE_BYTES_MAX + 2).prop_map(|length| "x".repeat(length))];
    let path = prop_oneof![2 => "[a-z]{1,3}(/[a-z]{1,3}){0,2}", 1 => text()];
    let checksum = prop::option::of(prop::bool::weighted(0.9));
    (path, content, checksum).prop_map(|(path, content, checksum)| match checksum {
        None => json!({ "path": path, "content": content }),
        Some(true) => json!({ "path": path, "sha256": sha256_hex(&content), "content": content }),
        Some(false) => json!({ "path": path, "sha256": sha256_hex(&path), "content": content }),
    })
}

/// Mostly good, and then something of it is changed.
fn command() -> impl Strategy<Value = Value> {
    let slug = prop_oneof![4 => Just("greeter".to_owned()), 1 => text()];
    let version = prop_oneof![4 => "[0-9]{1,2}\\.[0-9]\\.[0-9](-[a-z0-9.]{0,4})?(\\+[a-z0-9.]{0,4})?", 1 => text()];
    let rest = prop::option::weighted(
        0.3,
        (select(vec!["entry_point", "display_name", "description", "module_format", "signature"]), odd()),
    );
    (slug, version, vec(file(), 0..4), rest, prop::option::weighted(0.3, twist())).prop_map(
        |(slug, version, more, rest, twist)| {
            let least = [("SKILL.md", "# Says"), ("scripts/index.mjs", "1")]
                .map(|(path, content)| json!({"path": path, "content": content}));
            let files: Vec<Value> = least.into_iter().chain(more).collect();
            let mut command = json!({ "slug": slug, "version": version, "files": files });
            if let Some((name, value)) = rest {
                command[name] = value;
            }
            twist.map_or(command.clone(), |twist| twist.of(command))
        },
    )
}

fn deploy(world: &World, wanted: Wanted) -> Result<Outcome, OperationError> {
    let Wanted { slug, version, files, module_format, entry_point, display_name, description, signature } = wanted;
    let (module_format, channel) = (module_format.unwrap_or_default(), Channel::Stable);
    world.deploy(Deploy { slug, version, module_format, entry_point, files, channel, display_name, description, signature })
}

/// Deploys what has the shape of a command. What is taken can be handed to a worker, and what is not is refused with a reason: gives
/// whether it was new, or the code.
fn try_deploy(world: &World, command: &str, wanted: Wanted) -> Result<bool, &'static str> {
    match deploy(world, wanted) {
        Ok(outcome) => {
            let manifest = world.manifest(Channel::Stable);
            assert_eq!(manifest.left_out, Vec::new(), "{command}");
            let is_there = manifest.skills.iter().any(|skill| skill.slug == outcome.slug && skill.version == outcome.version);
            assert!(is_there, "{command}");
            Ok(outcome.is_new)
        }
        Err(OperationError::Refused(refusal)) => {
            assert!(refusal.field.is_some(), "{refusal:?}");
            assert!(refusal.detail.bytes().all(|byte| !byte.is_ascii_control()), "{refusal:?}");
            Err(refusal.code)
        }
        Err(error) => panic!("{error:?}: {command}"),
    }
}

const TARGET: Target = Target {
    name: "skills",
    words: &[
        "\"slug\":",
        "\"version\":",
        "\"files\":",
        "\"path\":",
        "\"content\":",
        "\"sha256\":",
        "\"module_format\":",
        "\"entry_point\":",
        "SKILL.md",
        "scripts/index.mjs",
        "scripts/index.cjs",
        "1.0.0",
        "-rc.1",
        "+build",
        "/",
        "\\u202e",
        "\\u0000",
        "{}",
        "[]",
        "null",
    ],
    mutations: 3_000,
};

/// After so many the deployment is a new one, so that it stays small in long runs.
const DEPLOYS_MAX: usize = 2_000;

#[test]
fn corpus_of_skills() {
    let (mut world, mut deployed) = (World::new(), 0);
    let far = TARGET.run(|name, bytes| {
        let Ok(wanted) = serde_json::from_slice::<Wanted>(bytes) else {
            assert!(name.is_empty() || name.starts_with("no-command") || name.starts_with("found-"), "{name}");
            return false;
        };
        if deployed == DEPLOYS_MAX {
            (world, deployed) = (World::new(), 0);
        }
        deployed += 1;
        let outcome = try_deploy(&world, &bytes.escape_ascii().to_string(), wanted);
        assert!(!name.starts_with("valid-") || outcome == Ok(true), "{outcome:?}");
        assert!(!name.starts_with("refused-") || outcome.is_err(), "it was taken");
        true
    });
    assert!(far > TARGET.mutations / 20, "only {far} are commands");
}

#[test]
fn whatever_is_deployed_is_refused_or_handed_out_whole() {
    let config = ProptestConfig { rng_seed: RngSeed::Fixed(20_261_122), failure_persistence: None, ..ProptestConfig::default() };
    let (mut runner, command) = (TestRunner::new(config), command());
    let world = World::new();
    let (mut added, mut refusals) = (0, BTreeSet::new());
    for _ in 0..COMMANDS {
        let command = command.new_tree(&mut runner).unwrap().current();
        // What is not even of this shape is refused before it gets here.
        let Ok(wanted) = serde_json::from_value::<Wanted>(command.clone()) else { continue };
        match try_deploy(&world, &command.to_string(), wanted) {
            Ok(is_new) => added += usize::from(is_new),
            Err(code) => drop(refusals.insert(code)),
        }
    }
    assert_eq!(world.rows("SELECT 1 FROM skill_versions").len(), added);
    assert!(added > COMMANDS / 20, "only {added} were taken");
    assert!(refusals.len() > 6, "only {refusals:?}");
}
