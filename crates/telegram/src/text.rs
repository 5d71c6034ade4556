use crate::carried::carried_note;
use crate::safe::{NAME_CHARS_MAX, QUOTE_CHARS_MAX, on_one_line};
use crate::update::{ForwardOrigin, Message};

/// What a message says to an agent, as text: notes in brackets about where it comes from and what it answers, each on a line, then
/// [`content_of`] it. `None` when there is nothing to say, as in service messages.
///
/// ```
/// # use clawstead_telegram::{text_of, update::Update};
/// let update: Update = serde_json::from_str(r#"{"update_id": 1, "message": {"message_id": 2, "date": 3,
///     "chat": {"id": 4, "type": "private"}, "voice": {"file_id": "V"},
///     "forward_origin": {"type": "hidden_user", "sender_user_name": "Grace"}}}"#).unwrap();
/// assert_eq!(text_of(update.message().unwrap()).unwrap(), "[telegram forward from Grace]\n[telegram media] voice message");
/// ```
#[must_use]
pub fn text_of(message: &Message) -> Option<String> {
    let content = content_of(message)?;
    let notes = [topic_note(message), forward_note(message), reply_note(message)];
    let lines: Vec<String> = notes.into_iter().flatten().chain([content]).collect();
    Some(lines.join("\n"))
}

/// What a message itself says: its text, else its caption, else a note in brackets about what it carries (identity-telegram.md 4.2
/// step 11).
#[must_use]
pub fn content_of(message: &Message) -> Option<String> {
    written_of(message).or_else(|| carried_note(message))
}

/// What its sender wrote: the text, else the caption.
#[must_use]
pub fn written_of(message: &Message) -> Option<String> {
    written(message.text.as_deref()).or_else(|| written(message.caption.as_deref()))
}

/// Who speaks in a group: the person, or the chat in whose name somebody writes.
#[must_use]
pub fn speaker_of(message: &Message) -> Option<String> {
    let name = match (&message.sender_chat, &message.from) {
        (Some(chat), _) => chat.title.clone().unwrap_or_default(),
        (None, Some(user)) => {
            [Some(user.first_name.as_str()), user.last_name.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ")
        }
        (None, None) => return None,
    };
    let username = message
        .sender_chat
        .as_ref()
        .map_or_else(|| message.from.as_ref().and_then(|user| user.username.as_deref()), |chat| chat.username.as_deref());
    let name = on_one_line(&name, NAME_CHARS_MAX);
    let name = if name.is_empty() { "somebody".to_owned() } else { name };
    Some(match username {
        Some(username) => format!("{name} (@{})", on_one_line(username, NAME_CHARS_MAX)),
        None => name,
    })
}

fn written(text: Option<&str>) -> Option<String> {
    let text = text?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn topic_note(message: &Message) -> Option<String> {
    let thread_id = message.message_thread_id.filter(|_| message.is_topic_message)?;
    Some(format!("[telegram topic {thread_id}]"))
}

fn forward_note(message: &Message) -> Option<String> {
    let from = match message.forward_origin.as_ref()? {
        ForwardOrigin::User { sender_user } => sender_user.first_name.as_str(),
        ForwardOrigin::HiddenUser { sender_user_name } => sender_user_name.as_str(),
        ForwardOrigin::Chat { sender_chat: chat } | ForwardOrigin::Channel { chat, .. } => {
            chat.title.as_deref().unwrap_or_default()
        }
        ForwardOrigin::Unknown => "",
    };
    let from = on_one_line(from, NAME_CHARS_MAX);
    Some(if from.is_empty() { "[telegram forward]".to_owned() } else { format!("[telegram forward from {from}]") })
}

/// What is answered, when it says anything: the part that was quoted, else the whole.
fn reply_note(message: &Message) -> Option<String> {
    let quoted = message.quote.as_ref().map(|quote| quote.text.as_str());
    let whole = message.reply_to_message.as_ref().and_then(|answered| answered.text.as_deref().or(answered.caption.as_deref()));
    let line = on_one_line(quoted.or(whole)?, QUOTE_CHARS_MAX);
    (!line.is_empty()).then(|| format!("[telegram reply to: {line}]"))
}
