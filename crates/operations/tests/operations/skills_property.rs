//! Whatever is done with skills, in whatever order: workers are handed what the last commands said, and replaying the log gives
//! the very views that are there.

use std::collections::BTreeMap;

use clawstead_domain::skill::{Channel, Deploy};
use clawstead_operations::{OperationError, skills};
use clawstead_vault::TrustedKeys;
use futures::executor::block_on;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;

use crate::skill::saying;
use crate::world::World;

const SLUGS: [&str; 3] = ["one", "two", "one-two"];
const VERSIONS: [&str; 3] = ["1.0.0", "1.0.1-rc.1+b.2", "2.0.0"];

#[derive(Debug, Clone)]
enum Step {
    Deploy { slug: &'static str, version: &'static str, channel: Channel, text: &'static str },
    Activate { slug: &'static str, version: &'static str, channel: Channel },
    Switch { slug: &'static str, enabled: bool },
    Delete { slug: &'static str },
}

fn step() -> impl Strategy<Value = Step> {
    let (slug, version, channel) = (select(&SLUGS[..]), select(&VERSIONS[..]), select(&Channel::ALL[..]));
    let named = (slug.clone(), version, channel);
    prop_oneof![
        5 => (named.clone(), select(&["hello", "hi"][..]))
            .prop_map(|((slug, version, channel), text)| Step::Deploy { slug, version, channel, text }),
        3 => named.prop_map(|(slug, version, channel)| Step::Activate { slug, version, channel }),
        3 => (slug.clone(), any::<bool>()).prop_map(|(slug, enabled)| Step::Switch { slug, enabled }),
        1 => slug.prop_map(|slug| Step::Delete { slug }),
    ]
}

/// A skill, worked out without a database.
#[derive(Debug, Default)]
struct Known {
    disabled: bool,
    versions: BTreeMap<&'static str, &'static str>,
    channels: BTreeMap<Channel, &'static str>,
}

#[derive(Debug, Default)]
struct Model(BTreeMap<&'static str, Known>);

impl Model {
    /// Whether it is done.
    fn take(&mut self, step: &Step) -> bool {
        match *step {
            Step::Deploy { slug, version, channel, text } => {
                let known = self.0.entry(slug).or_default();
                if *known.versions.entry(version).or_insert(text) != text {
                    return false;
                }
                known.channels.insert(channel, version);
            }
            Step::Activate { slug, version, channel } => {
                let Some(known) = self.0.get_mut(slug).filter(|known| known.versions.contains_key(version)) else { return false };
                known.channels.insert(channel, version);
            }
            Step::Switch { slug, enabled } => {
                let Some(known) = self.0.get_mut(slug) else { return false };
                known.disabled = !enabled;
            }
            Step::Delete { slug } => return self.0.remove(slug).is_some(),
        }
        true
    }

    fn handed(&self, channel: Channel) -> Vec<(String, String)> {
        let shown = |(slug, known): (&&str, &Known)| {
            let version = known.channels.get(&channel).filter(|_| !known.disabled)?;
            Some((format!("{slug}@{version}"), known.versions[version].to_owned()))
        };
        // The order of the bytes is that of the existing system, for these names.
        self.0.iter().filter_map(shown).collect()
    }
}

fn take(world: &World, step: &Step) -> Result<(), OperationError> {
    let (cx, keys) = (world.cx(), TrustedKeys::default());
    match *step {
        Step::Deploy { slug, version, channel, text } => {
            world.deploy(Deploy { channel, ..saying(slug, version, text) }).map(drop)
        }
        Step::Activate { slug, version, channel } => block_on(skills::activate(&cx, &keys, slug, channel, version)).map(drop),
        Step::Switch { slug, enabled } => block_on(skills::switch(&cx, slug, enabled)).map(drop),
        Step::Delete { slug } => block_on(skills::delete(&cx, slug)).map(drop),
    }
}

fn handed(world: &World, channel: Channel) -> Vec<(String, String)> {
    let skills = world.manifest(channel).skills;
    let text = |content: &str| content.split('"').nth(1).unwrap().to_owned();
    let shown = skills.iter().map(|skill| {
        let program = skill.files.iter().find(|file| file.path == "scripts/index.mjs").unwrap();
        (format!("{}@{}", skill.slug, skill.version), text(&program.content))
    });
    shown.collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        rng_seed: RngSeed::Fixed(20_261_121),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn workers_are_handed_what_was_said_and_replay_equals_live(steps in vec(step(), 1..30), chunk in 1_i64..20) {
        let world = World::new();
        let mut model = Model::default();
        for step in &steps {
            world.pass(10);
            let outcome = take(&world, step);
            let is_refusal = matches!(&outcome, Err(OperationError::Refused(_)));
            prop_assert!(outcome.is_ok() || is_refusal, "{:?}", outcome);
            prop_assert_eq!(outcome.is_ok(), model.take(step), "{:?}", step);
            for channel in Channel::ALL {
                prop_assert_eq!(handed(&world, channel), model.handed(channel));
            }
        }
        let live = world.views();
        block_on(world.ledger.rebuild("test", world.now(), chunk, |_| {})).unwrap();
        prop_assert_eq!(world.views(), live);
        let unknown = "SELECT t.slug FROM skill_streams t WHERE t.stream_version IS NOT \
                       (SELECT max(version) FROM events e WHERE e.stream = 'skill-' || t.slug)";
        prop_assert_eq!(world.rows(unknown), Vec::<String>::new());
    }
}
