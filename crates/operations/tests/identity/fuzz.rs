//! Updates as Telegram never sends them. Whatever comes from a bot that has proved itself is answered for good, for delivering it again
//! would hold up its chat.

use clawstead_fuzz::Target;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use serde_json::Value;

use crate::odd::{Twist, twist};
use crate::telegram::{self, ADA};
use crate::world::World;

/// Samples that say something to an agent, begin something, or change who may speak.
const SAMPLES: &[&str] = &[
    "01-text-private",
    "02-start-with-code",
    "05-photo-with-caption",
    "07-document-pdf",
    "10-edited-message",
    "12-group-text",
    "14-forwarded-text",
    "16-bot-blocked",
    "17-reply-with-emoji",
    "19-album-part-1",
    "21-location",
];

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(20_261_120), failure_persistence: None, ..ProptestConfig::default() }
}

/// A sample as another update of another message, and then changed.
fn twisted(sample: &str, number: u32, twists: &[Twist]) -> Vec<u8> {
    let mut update: Value = serde_json::from_slice(&telegram::recorded(sample)).unwrap();
    update["update_id"] = number.into();
    if update["message"].is_object() {
        update["message"]["message_id"] = number.into();
    }
    twists.iter().fold(update, |update, twist| twist.of(update)).to_string().into_bytes()
}

const TARGET: Target = Target {
    name: "updates",
    words: &[
        "\"update_id\":",
        "\"message\":",
        "\"message_id\":",
        "\"chat\":",
        "\"from\":",
        "\"id\":",
        "\"text\":",
        "\"photo\":",
        "\"document\":",
        "\"file_id\":",
        "\"file_size\":",
        "\"entities\":",
        "\"caption\":",
        "\"media_group_id\":",
        "\"private\"",
        "\"group\"",
        "/start ",
        "{}",
        "[]",
        "true",
    ],
    mutations: 4_000,
};

/// After so many the deployment is a new one, so that it stays small in long runs.
const UPDATES_MAX: usize = 5_000;

#[test]
fn corpus_of_updates() {
    let begin = || {
        let world = World::with_bot();
        world.paired("ada", ADA);
        world
    };
    let (mut world, mut taken) = (begin(), 0);
    let far = TARGET.run(|_, bytes| {
        if taken == UPDATES_MAX {
            (world, taken) = (begin(), 0);
        }
        taken += 1;
        let outcome = world.receive(bytes);
        assert!(outcome.is_ok(), "{outcome:?}");
        // Far: it is JSON of the shape of an update.
        serde_json::from_slice::<Value>(bytes).is_ok_and(|update| update["update_id"].is_i64())
    });
    assert!(far > TARGET.mutations / 50, "only {far} are updates");
}

#[test]
fn updates_that_are_twisted_are_final() {
    let world = World::with_bot();
    world.paired("ada", ADA);
    let updates = (proptest::sample::select(SAMPLES), any::<u32>(), vec(twist(), 1..4));
    let updates = updates.prop_map(|(sample, number, twists)| twisted(sample, number, &twists));
    let mut runner = TestRunner::new(config(600));
    runner
        .run(&updates, |bytes| {
            let taken = world.receive(&bytes);
            prop_assert!(taken.is_ok(), "{taken:?}");
            Ok(())
        })
        .unwrap();
    let enqueued = world.story().iter().filter(|event| *event == "MessageEnqueued").count();
    assert!(enqueued > 20, "only {enqueued} get anywhere");
}
