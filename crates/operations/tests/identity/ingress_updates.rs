use clawstead_operations::ingress::Outcome;
use serde_json::Value;

use crate::telegram::{self, ADA, BJORN};
use crate::world::World;

/// What becomes of an update, and what the queue has of it.
fn summary(world: &World, outcome: &Outcome) -> String {
    let (said, event_type) = match outcome {
        Outcome::Added { .. } => ("added", "AlbumExtended"),
        Outcome::Enqueued { .. } => ("enqueued", "MessageEnqueued"),
        other => return other.name().replace(':', " "),
    };
    let data = world.last(event_type);
    let text: String = data["text"].as_str().unwrap_or_default().chars().take(40).collect();
    format!("{said} | {} | {}", text.replace('\n', " / "), data["metadata"]["telegramMediaType"].as_str().unwrap_or_default())
}

#[test]
fn every_recorded_update_has_its_outcome() {
    let expected = [
        ("01-text-private", "enqueued | Good morning, what is on my calendar tod | "),
        ("02-start-with-code", "refused pairing_not_found"),
        ("03-start-bare", "ignored start_without_code"),
        ("04-startup-is-not-start", "enqueued | /startup ideas for a bakery | "),
        ("05-photo-with-caption", "enqueued | What does this receipt add up to? | photo"),
        ("06-voice", "enqueued | [telegram media] voice message | voice"),
        ("07-document-pdf", "enqueued | [telegram media] document message | document"),
        ("08-video", "enqueued | [telegram media] video message | video"),
        ("09-audio", "enqueued | [telegram media] audio message | audio"),
        ("10-edited-message", "enqueued | [telegram edit of an earlier message] / Go | "),
        ("11-callback-query", "ignored not_for_us"),
        ("12-group-text", "ignored group_chat"),
        ("13-sticker", "enqueued | [telegram sticker] 🦞 | "),
        ("14-forwarded-text", "enqueued | [telegram forward from Grace] / Lunch move | "),
        ("15-channel-post", "ignored not_for_us"),
        ("16-bot-blocked", "noted blocked"),
        ("17-reply-with-emoji", "enqueued | [telegram reply to: Tell me about your f | "),
        ("18-longest-text", "enqueued | The quick brown fox jumps over the lazy  | "),
        ("19-album-part-1", "enqueued | Two pages | photo"),
        ("20-album-part-2", "added |  | "),
        ("21-location", "enqueued | [telegram location] 59.334591, 18.06324 | "),
        ("22-video-note", "enqueued | [telegram media] video note message | "),
        ("23-topic-message", "ignored group_chat"),
    ];
    let world = World::with_bot();
    world.paired("ada", ADA);
    world.paired("bjorn", BJORN);
    for (name, summary_expected) in expected {
        let outcome = world.receive(&telegram::recorded(name)).unwrap();
        assert_eq!(summary(&world, &outcome), summary_expected, "{name}");
    }
}

#[test]
fn strangers_get_nowhere_with_any_of_them() {
    let world = World::with_bot();
    let mut expected = world.story();
    expected.push("ReplyQueued".to_owned());
    for name in ["01-text-private", "05-photo-with-caption", "13-sticker", "18-longest-text"] {
        let outcome = world.receive(&telegram::recorded(name)).unwrap();
        assert_eq!(outcome, Outcome::Refused { reason: "not_paired" }, "{name}");
    }
    assert_eq!(world.story(), expected, "they are told once");
}

#[test]
fn a_message_carries_what_existing_workers_read() {
    let world = World::with_bot();
    world.paired("ada", ADA);
    world.receive(&telegram::recorded("05-photo-with-caption")).unwrap();
    let data = world.last("MessageEnqueued");
    assert_eq!((data["provider"].as_str(), data["provider_user_id"].as_str()), (Some("telegram"), Some("5551234001")));
    assert_eq!((data["external_id"].as_str(), data["agent_key"].as_str()), (Some("7000000001:45"), Some("default")));
    let metadata = &data["metadata"];
    assert_eq!(metadata["telegramBotIdentity"], "7000000001");
    assert_eq!(metadata["telegramChatId"], "5551234001");
    assert_eq!(metadata["telegramUserId"], "5551234001");
    assert_eq!(metadata["telegramMediaType"], "photo");
    assert_eq!(metadata["telegramPhotoFileId"], "LAgACAgQAAxkBAAIB0380Zx8");
    assert_eq!(metadata.as_object().map(serde_json::Map::len), Some(5));
}

#[test]
fn the_longest_text_arrives_whole() {
    let world = World::with_bot();
    world.paired("ada", ADA);
    world.receive(&telegram::recorded("18-longest-text")).unwrap();
    let data: Value = world.last("MessageEnqueued");
    assert_eq!(data["text"].as_str().unwrap().chars().count(), 4096);
}
