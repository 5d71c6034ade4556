//! Every recorded update, and what we make of it.

use std::fs;
use std::path::Path;

use clawstead_telegram::update::{Event, ForwardOrigin, Message, Update};
use clawstead_telegram::{MediaKind, Start, media_of, start_command, text_of};

const BOT: &str = "helper_bot";

fn update(name: &str) -> Update {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/updates").join(name).with_extension("json");
    let text = fs::read_to_string(path).expect("the fixture exists");
    serde_json::from_str(&text).expect("the fixture is an update")
}

fn message(name: &str) -> Message {
    update(name).message().expect("the fixture is a message").clone()
}

/// Kind, text, kinds of media and whether identity may be taken from it.
fn summary(update: &Update) -> String {
    let (Event::Message(message)
    | Event::EditedMessage(message)
    | Event::ChannelPost(message)
    | Event::EditedChannelPost(message)) = &update.event
    else {
        return update.kind().to_owned();
    };
    let media: Vec<&str> = media_of(message).iter().map(|media| media.kind.name()).collect();
    let who = message.private_user().map_or("nobody", |user| user.first_name.as_str());
    let text: String = text_of(message).unwrap_or_default().chars().take(44).collect();
    format!("{} | {who} | {} | {text}", update.kind(), media.join(","))
}

#[test]
fn every_recorded_update_reads_as_expected() {
    let expected = [
        ("01-text-private", "message | Ada |  | Good morning, what is on my calendar today?"),
        ("02-start-with-code", "message | Ada |  | /start K7Q2M9XWRA"),
        ("03-start-bare", "message | Björn |  | /start"),
        ("04-startup-is-not-start", "message | Ada |  | /startup ideas for a bakery"),
        ("05-photo-with-caption", "message | Ada | photo | What does this receipt add up to?"),
        ("06-voice", "message | Ada | voice | [telegram media] voice message"),
        ("07-document-pdf", "message | Ada | document | [telegram media] document message"),
        ("08-video", "message | Ada | video | [telegram media] video message"),
        ("09-audio", "message | Ada | audio | [telegram media] audio message"),
        ("10-edited-message", "edited_message | Ada |  | Good morning, what is on my calendar tomorro"),
        ("11-callback-query", "callback_query"),
        ("12-group-text", "message | nobody |  | @helper_bot summarise the last hour"),
        ("13-sticker", "message | Ada |  | [telegram sticker] 🦞"),
        ("14-forwarded-text", "message | Ada |  | [telegram forward from Grace]\nLunch moved to"),
        ("15-channel-post", "channel_post | nobody |  | v2 is out"),
        ("16-bot-blocked", "my_chat_member"),
        ("17-reply-with-emoji", "message | Ada |  | [telegram reply to: Tell me about your famil"),
        ("18-longest-text", "message | Ada |  | The quick brown fox jumps over the lazy dog."),
        ("19-album-part-1", "message | Ada | photo | Two pages"),
        ("20-album-part-2", "message | Ada | photo | [telegram media] photo message"),
        ("21-location", "message | Ada |  | [telegram location] 59.334591, 18.06324"),
        ("22-video-note", "message | Ada |  | [telegram media] video note message"),
        ("23-topic-message", "message | nobody |  | [telegram topic 77]\ntopic question"),
    ];
    for (number, (name, summary_expected)) in (1..).zip(expected) {
        let update = update(name);
        assert_eq!(update.update_id, 871_230_000 + number, "{name}");
        assert_eq!(summary(&update), summary_expected, "{name}");
    }
}

#[test]
fn start_is_recognised_in_exactly_two_of_them() {
    assert_eq!(start_command(&message("02-start-with-code"), BOT), Some(Start::Code("K7Q2M9XWRA".to_owned())),);
    assert_eq!(start_command(&message("03-start-bare"), BOT), Some(Start::Bare));
    for name in ["01-text-private", "04-startup-is-not-start", "05-photo-with-caption", "18-longest-text"] {
        assert_eq!(start_command(&message(name), BOT), None, "{name}");
    }
}

#[test]
fn a_photo_is_its_largest_size_as_jpeg() {
    let media = media_of(&message("05-photo-with-caption"));
    assert_eq!(media.len(), 1);
    assert_eq!(media[0].kind, MediaKind::Photo);
    assert_eq!(media[0].file_id, "LAgACAgQAAxkBAAIB0380Zx8");
    assert_eq!(media[0].mime_type.as_deref(), Some("image/jpeg"));
    assert_eq!(media[0].size_bytes, Some(380_000));
    assert_eq!(media[0].file_name, None);
}

#[test]
fn a_document_keeps_its_name_and_type() {
    let media = media_of(&message("07-document-pdf"));
    assert_eq!(media[0].file_name.as_deref(), Some("contract final (v2).pdf"));
    assert_eq!(media[0].mime_type.as_deref(), Some("application/pdf"));
}

#[test]
fn the_longest_text_is_whole() {
    let text = text_of(&message("18-longest-text")).expect("it has text");
    assert_eq!(text.chars().count(), 4096);
}

#[test]
fn what_surrounds_a_text_is_read() {
    let album = message("19-album-part-1").media_group_id;
    assert!(album.is_some());
    assert_eq!(album, message("20-album-part-2").media_group_id);

    let topic = message("23-topic-message");
    assert_eq!((topic.is_topic_message, topic.message_thread_id), (true, Some(77)));

    let answered = message("17-reply-with-emoji").reply_to_message.expect("it is a reply");
    assert_eq!((answered.message_id, answered.text.as_deref()), (55, Some("Tell me about your family.")));

    let origin = ForwardOrigin::HiddenUser { sender_user_name: "Grace".to_owned() };
    assert_eq!(message("14-forwarded-text").forward_origin, Some(origin));
}

#[test]
fn a_pressed_button_and_a_block_are_read() {
    let Event::CallbackQuery(query) = update("11-callback-query").event else {
        panic!("a callback query");
    };
    assert_eq!((query.data.as_deref(), query.from.id), (Some("approve:42"), 5_551_234_001));
    let Event::MyChatMember(change) = update("16-bot-blocked").event else {
        panic!("a change of the bot's standing");
    };
    assert!(change.is_block());
}
