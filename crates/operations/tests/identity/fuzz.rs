//! Updates as Telegram never sends them. Whatever comes from a bot that has proved itself is answered for good, for delivering it again
//! would hold up its chat.

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

#[test]
fn whatever_bytes_telegram_delivers_are_final() {
    let world = World::with_bot();
    world.paired("ada", ADA);
    let updates = (proptest::sample::select(SAMPLES), any::<u32>(), vec(twist(), 1..4));
    let updates = updates.prop_map(|(sample, number, twists)| twisted(sample, number, &twists));
    let bytes = prop_oneof![8 => updates, 1 => vec(any::<u8>(), 0..400)];
    let mut runner = TestRunner::new(config(600));
    runner
        .run(&bytes, |bytes| {
            let taken = world.receive(&bytes);
            prop_assert!(taken.is_ok(), "{taken:?}");
            Ok(())
        })
        .unwrap();
    let enqueued = world.story().iter().filter(|event| *event == "MessageEnqueued").count();
    assert!(enqueued > 20, "only {enqueued} get anywhere");
}
