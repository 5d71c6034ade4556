//! A thousand updates of all sorts, a tenth of them delivered again: nothing is lost, nothing is doubled, everything is counted.
//! `cargo xtask bench telegram` does it with ten thousand, over HTTP and from sixteen sides.

use std::collections::{BTreeMap, BTreeSet};

use clawstead_operations::ingress::{UpdateCount, count, counts, receive};
use futures::executor::block_on;

use crate::desk::with_ada;
use crate::telegram::{self, BOT_ID};
use crate::world::{World, bot};

const UPDATES: i64 = 1_000;
const NAMES: [&str; 23] = [
    "01-text-private",
    "02-start-with-code",
    "03-start-bare",
    "04-startup-is-not-start",
    "05-photo-with-caption",
    "06-voice",
    "07-document-pdf",
    "08-video",
    "09-audio",
    "10-edited-message",
    "11-callback-query",
    "12-group-text",
    "13-sticker",
    "14-forwarded-text",
    "15-channel-post",
    "16-bot-blocked",
    "17-reply-with-emoji",
    "18-longest-text",
    "19-album-part-1",
    "20-album-part-2",
    "21-location",
    "22-video-note",
    "23-topic-message",
];

/// The recorded update with numbers of its own.
fn update(number: i64) -> Vec<u8> {
    let name = NAMES[usize::try_from(number).unwrap() % NAMES.len()];
    let mut update: serde_json::Value = serde_json::from_slice(&telegram::recorded(name)).unwrap();
    update["update_id"] = number.into();
    let round = number / i64::try_from(NAMES.len()).unwrap();
    for kind in ["message", "edited_message"] {
        if update[kind].is_object() {
            update[kind]["message_id"] = number.into();
            if let Some(album) = update[kind]["media_group_id"].as_str() {
                update[kind]["media_group_id"] = format!("{album}-{round}").into();
            }
        }
    }
    update.to_string().into_bytes()
}

fn taken(world: &World) -> (usize, usize) {
    (
        world.rows("SELECT 1 FROM events WHERE type = 'MessageEnqueued'").len(),
        world.rows("SELECT 1 FROM events WHERE type = 'AlbumExtended'").len(),
    )
}

#[test]
fn c02_a_thousand_mixed_updates_lose_and_double_nothing() {
    let world = with_ada();
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    let mut messages = BTreeSet::new();
    for number in 0..UPDATES {
        let body = update(number);
        let first = block_on(receive(&world.cx(), &bot(), &body)).unwrap();
        *outcomes.entry(first.outcome.name()).or_default() += 1;
        if let clawstead_operations::ingress::Outcome::Enqueued { message_id } = &first.outcome {
            assert!(messages.insert(message_id.clone()), "a message twice");
        }
        if number % 10 == 0 {
            let before = taken(&world);
            block_on(receive(&world.cx(), &bot(), &body)).unwrap();
            assert_eq!(taken(&world), before, "update {number} was taken twice");
        }
    }
    // Of 23 recorded updates, Ada wrote 15 that become messages, and one that joins its album.
    let rounds = |of: usize| (0..UPDATES).filter(|number| of == usize::try_from(number % 23).unwrap()).count();
    let become_messages: usize = [0, 3, 4, 5, 6, 7, 8, 9, 12, 13, 16, 17, 18, 20, 21].map(rounds).iter().sum();
    assert_eq!((outcomes["enqueued"], messages.len(), outcomes["added"]), (become_messages, become_messages, rounds(19)));
    assert_eq!(taken(&world), (become_messages, rounds(19)));
    assert_eq!(outcomes.values().sum::<usize>(), usize::try_from(UPDATES).unwrap(), "every one is accounted for: {outcomes:?}");
}

#[test]
fn what_updates_came_to_is_counted() {
    let world = with_ada();
    let one = |outcome: &str, count: i64, last_at: i64| UpdateCount {
        bot_id: BOT_ID.into(),
        kind: "message".into(),
        outcome: outcome.into(),
        count,
        last_at,
    };
    block_on(count(&world.cx(), &[one("enqueued", 2, 10), one("refused:not_paired", 1, 20)])).unwrap();
    block_on(count(&world.cx(), &[one("enqueued", 3, 5)])).unwrap();
    block_on(count(&world.cx(), &[])).unwrap();
    let counted = block_on(counts(&world.cx(), "", 10)).unwrap();
    assert_eq!(counted, [one("enqueued", 5, 10), one("refused:not_paired", 1, 20)]);
    assert!(block_on(counts(&world.cx(), BOT_ID, 10)).unwrap().is_empty());
}
