//! Every kind of update, and everything that a message can carry: each has a text, or is passed over and counted with a reason.

use std::collections::BTreeSet;

use clawstead_operations::ingress::{self, Outcome, Received, UpdateCount};
use futures::executor::block_on;
use serde_json::{Value, json};

use crate::desk::with_ada;
use crate::telegram::{self, ADA};
use crate::world::{World, bot};

/// What the Bot API describes: names of kinds of updates, and of fields of a message.
fn described(list: &str) -> Vec<String> {
    let text = include_str!("../../../telegram/tests/bot-api.json");
    let description: Value = serde_json::from_str(text).unwrap();
    serde_json::from_value(description[list].clone()).unwrap()
}

fn receive(world: &World, update: &Value) -> Received {
    block_on(ingress::receive(&world.cx(), &bot(), update.to_string().as_bytes())).unwrap()
}

/// A message of Ada's with no words.
fn bare(update_id: i64) -> Value {
    let mut update: Value = serde_json::from_slice(&telegram::text(update_id, ADA, "")).unwrap();
    let mut message = update["message"].take();
    message.as_object_mut().unwrap().remove("text");
    message
}

#[test]
fn w54_every_kind_of_update_is_counted_under_its_name_with_what_it_came_to() {
    let world = with_ada();
    let kinds = described("update_kinds");
    assert!(kinds.len() > 20);
    for (number, kind) in (1..).zip(&kinds) {
        let content = match kind.as_str() {
            "message" | "edited_message" | "channel_post" | "edited_channel_post" => {
                let mut message = bare(number);
                message["text"] = json!(format!("hello {number}"));
                message
            }
            "callback_query" => json!({"id": "1", "from": {"id": ADA, "is_bot": false, "first_name": "Ada"}, "data": "yes"}),
            "my_chat_member" => {
                let update: Value = serde_json::from_slice(&telegram::recorded("16-bot-blocked")).unwrap();
                update["my_chat_member"].clone()
            }
            _ => json!({"something": "that we do not read"}),
        };
        let received = receive(&world, &json!({"update_id": number, kind.as_str(): content}));
        assert_eq!(received.kind, kind);
        let expected = match kind.as_str() {
            "message" | "edited_message" => "enqueued",
            "my_chat_member" => "noted:blocked",
            _ => "ignored:not_for_us",
        };
        assert_eq!(received.outcome.name(), expected, "{kind}");
        let (kind, outcome) = (received.kind.to_owned(), received.outcome.name());
        let one = UpdateCount { bot_id: bot().bot_id, kind, outcome, count: 1, last_at: 1 };
        block_on(ingress::count(&world.cx(), &[one])).unwrap();
    }
    assert_eq!(world.rows("SELECT DISTINCT kind FROM update_counters").len(), kinds.len());
}

/// What stands in a message for a field that we read, and what the agent reads then.
fn carried(field: &str) -> Option<(Value, &'static str)> {
    let file = json!({"file_id": "F", "file_unique_id": "u"});
    let lines = json!([{"text": "one"}, {"text": "two]\n[x"}]);
    let place = json!({"latitude": 1.5, "longitude": 2.5});
    Some(match field {
        "text" | "caption" => (json!("words"), "words"),
        "photo" => (json!([file]), "[telegram media] photo message"),
        "video" => (file, "[telegram media] video message"),
        "audio" => (file, "[telegram media] audio message"),
        "voice" => (file, "[telegram media] voice message"),
        "document" => (file, "[telegram media] document message"),
        "video_note" => (file, "[telegram media] video note message"),
        "sticker" => (json!({"file_id": "F", "emoji": "🦞"}), "[telegram sticker] 🦞"),
        "location" => (place, "[telegram location] 1.5, 2.5"),
        "venue" => {
            (json!({"location": place, "title": "Opera", "address": "1 Road"}), "[telegram venue] Opera, 1 Road (1.5, 2.5)")
        }
        "contact" => (json!({"phone_number": "+1", "first_name": "Grace"}), "[telegram contact] Grace, +1"),
        "dice" => (json!({"emoji": "🎲", "value": 5}), "[telegram dice] 🎲 5"),
        "poll" => (json!({"question": "Which?", "options": lines}), "[telegram poll] Which?\n- one\n- two) (x"),
        "checklist" => (json!({"title": "To do", "tasks": lines}), "[telegram checklist] To do\n- one\n- two) (x"),
        "game" => (json!({"title": "Chess", "description": "", "photo": []}), "[telegram game] Chess"),
        "story" => (json!({"chat": {}, "id": 1}), "[telegram story]"),
        "live_photo" => (file, "[telegram live photo]"),
        "paid_media" => (json!({"star_count": 1, "paid_media": []}), "[telegram paid media]"),
        "rich_message" => (json!({"blocks": []}), "[telegram rich message]"),
        _ => return None,
    })
}

#[test]
fn w54_whatever_a_message_carries_has_a_text_or_a_reason() {
    let world = with_ada();
    let mut read = BTreeSet::new();
    // These say where and by whom, and are there in any case.
    let surroundings = ["message_id", "date", "chat", "from", "sender_chat", "edit_date", "migrate_to_chat_id"];
    let fields = described("message_fields");
    for (number, field) in (100..).zip(fields.iter().filter(|field| !surroundings.contains(&field.as_str()))) {
        let mut message = bare(number);
        let about = ["entities", "caption_entities", "message_thread_id", "is_topic_message", "media_group_id"];
        let about_others = ["reply_to_message", "quote", "forward_origin"];
        if about.contains(&field.as_str()) || about_others.contains(&field.as_str()) {
            continue;
        }
        message[field.as_str()] = carried(field).map_or(json!({}), |(value, _)| value);
        let outcome = receive(&world, &json!({"update_id": number, "message": message})).outcome;
        match carried(field) {
            Some((_, text)) => {
                assert!(matches!(outcome, Outcome::Enqueued { .. }), "{field}: {outcome:?}");
                assert_eq!(world.last("MessageEnqueued")["text"], text, "{field}");
                read.insert(field.clone());
            }
            None => assert_eq!(outcome, Outcome::Ignored { reason: "nothing_to_say" }, "{field}"),
        }
    }
    assert_eq!(read.len(), 20, "{read:?}");
}

#[test]
fn what_is_too_long_to_be_read_is_passed_over() {
    assert_eq!(Received::TOO_LONG.outcome.name(), "ignored:too_long");
}
