use crate::media_of;
use crate::update::{Contact, Location, Message, Sticker};

/// What a message says to an agent, as text: its text, else its caption, else a note in brackets about what it
/// carries (identity-telegram.md 4.2 step 11). `None` when there is nothing to say, as in service messages.
///
/// ```
/// # use clawstead_telegram::{text_of, update::Update};
/// let update: Update = serde_json::from_str(r#"{"update_id": 1, "message": {"message_id": 2, "date": 3,
///     "chat": {"id": 4, "type": "private"}, "voice": {"file_id": "V"}}}"#).unwrap();
/// assert_eq!(text_of(update.message().unwrap()).unwrap(), "[telegram media] voice message");
/// ```
#[must_use]
pub fn text_of(message: &Message) -> Option<String> {
    written(message.text.as_deref())
        .or_else(|| written(message.caption.as_deref()))
        .or_else(|| media_note(message))
        .or_else(|| message.sticker.as_ref().map(sticker_note))
        .or_else(|| message.location.as_ref().map(location_note))
        .or_else(|| message.contact.as_ref().map(contact_note))
}

fn written(text: Option<&str>) -> Option<String> {
    let text = text?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn media_note(message: &Message) -> Option<String> {
    let mut kinds: Vec<&str> = media_of(message).iter().map(|media| media.kind.name()).collect();
    if message.video_note.is_some() {
        kinds.push("video note");
    }
    (!kinds.is_empty()).then(|| format!("[telegram media] {} message", kinds.join(" + ")))
}

fn sticker_note(sticker: &Sticker) -> String {
    match &sticker.emoji {
        Some(emoji) => format!("[telegram sticker] {emoji}"),
        None => "[telegram sticker]".to_owned(),
    }
}

fn location_note(location: &Location) -> String {
    format!("[telegram location] {}, {}", location.latitude, location.longitude)
}

fn contact_note(contact: &Contact) -> String {
    let last_name = contact.last_name.as_deref().unwrap_or_default();
    let name = format!("{} {last_name}", contact.first_name);
    format!("[telegram contact] {}, {}", name.trim(), contact.phone_number)
}
