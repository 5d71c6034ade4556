//! `sendMessage` and `sendAudio`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Shared;
use super::answer::{Answer, Refusal};
use super::html::{self, Formatted};
use super::parameters::Parameters;
use super::state::{Sent, State};
use crate::clock::now_ms;

const TEXT_MAX: usize = 4_096;
const CAPTION_MAX: usize = 1_024;

pub(crate) fn send_message(shared: &Arc<Shared>, bot_id: i64, parameters: Parameters) -> Answer {
    let formatted = format(&parameters, "text")?;
    let chat_id = chat(shared, bot_id, &parameters)?;
    if formatted.text.trim().is_empty() {
        return Err(Refusal::bad_request("message text is empty"));
    }
    if formatted.text.encode_utf16().count() > TEXT_MAX {
        return Err(Refusal::bad_request("message is too long"));
    }
    let mut content = json!({ "text": formatted.text });
    if !formatted.entities.is_empty() {
        content["entities"] = Value::Array(formatted.entities);
    }
    Ok(record(shared, bot_id, "sendMessage", chat_id, formatted.text, parameters, &content))
}

pub(crate) fn send_audio(shared: &Arc<Shared>, bot_id: i64, mut parameters: Parameters) -> Answer {
    let formatted = format(&parameters, "caption")?;
    let chat_id = chat(shared, bot_id, &parameters)?;
    if formatted.text.encode_utf16().count() > CAPTION_MAX {
        return Err(Refusal::bad_request("message caption is too long"));
    }
    let mut audio = audio_file(shared, &mut parameters)?;
    audio["duration"] = json!(parameters.integer("duration").unwrap_or(0));
    for field in ["performer", "title"] {
        if let Some(text) = parameters.text(field) {
            audio[field] = json!(text);
        }
    }
    let mut content = json!({ "audio": audio });
    if !formatted.text.is_empty() {
        content["caption"] = json!(formatted.text);
    }
    Ok(record(shared, bot_id, "sendAudio", chat_id, formatted.text, parameters, &content))
}

/// The audio of a call: a new file, or one that is already there.
fn audio_file(shared: &Shared, parameters: &mut Parameters) -> Answer {
    let named = parameters.text("audio").unwrap_or_default();
    let attached = named.strip_prefix("attach://").unwrap_or("audio");
    if let Some(upload) = parameters.uploads.remove(attached) {
        let file = shared.store.change(|state| state.files.register(&upload.file_name, upload.bytes));
        return Ok(json!({
            "file_id": file.file_id,
            "file_unique_id": file.file_unique_id,
            "file_size": file.size,
            "file_name": upload.file_name,
        }));
    }
    if named.is_empty() {
        return Err(Refusal::bad_request("there is no audio in the request"));
    }
    shared.store.read(|state| match state.files.get(&named) {
        Some(file) => Ok(json!({
            "file_id": file.file_id,
            "file_unique_id": file.file_unique_id,
            "file_size": file.size,
        })),
        None => Err(Refusal::bad_request("wrong file identifier/HTTP URL specified")),
    })
}

fn format(parameters: &Parameters, field: &str) -> Result<Formatted, Refusal> {
    let text = parameters.text(field).unwrap_or_default();
    match parameters.text("parse_mode").unwrap_or_default().to_ascii_lowercase().as_str() {
        "html" => html::parse(&text).map_err(|why| Refusal::bad_request(format!("can't parse entities: {why}"))),
        "" | "markdown" | "markdownv2" => Ok(Formatted { text, entities: Vec::new() }),
        _ => Err(Refusal::bad_request("unsupported parse_mode")),
    }
}

/// The chat a message goes to, if the bot may write there.
fn chat(shared: &Shared, bot_id: i64, parameters: &Parameters) -> Result<i64, Refusal> {
    let Some(named) = parameters.text("chat_id").filter(|id| !id.is_empty()) else {
        return Err(Refusal::bad_request("chat_id is empty"));
    };
    let known_only = shared.options.known_chats_only;
    shared.store.read(|state| {
        let chat_id = named.parse().ok().filter(|id| exists(state, bot_id, *id, known_only));
        let chat_id = chat_id.ok_or_else(|| Refusal::bad_request("chat not found"))?;
        if state.blocked_chats.contains(&chat_id) {
            return Err(Refusal::new(403, "Forbidden: bot was blocked by the user"));
        }
        Ok(chat_id)
    })
}

fn exists(state: &State, bot_id: i64, chat_id: i64, known_only: bool) -> bool {
    let known = state.accounts.get(&bot_id).is_some_and(|account| account.chats.contains_key(&chat_id));
    chat_id != 0 && !state.unknown_chats.contains(&chat_id) && (known || !known_only)
}

/// Writes the message down and gives it as a `Message` of the API.
fn record(
    shared: &Shared,
    bot_id: i64,
    method: &str,
    chat_id: i64,
    text: String,
    parameters: Parameters,
    content: &Value,
) -> Value {
    shared.store.change(|state| {
        let at_ms = now_ms();
        let seq = state.take_seq();
        let (message_id, from, chat) = match state.accounts.get_mut(&bot_id) {
            Some(account) => {
                let chat = account.chats.get(&chat_id).cloned();
                (account.take_message_id(), account.user(), chat)
            }
            None => (1, Value::Null, None),
        };
        let mut message = json!({
            "message_id": message_id,
            "from": from,
            "chat": chat.unwrap_or_else(|| stranger(chat_id)),
            "date": at_ms / 1_000,
        });
        if let (Some(message), Some(content)) = (message.as_object_mut(), content.as_object()) {
            message.extend(content.clone());
        }
        let method = method.to_owned();
        let parameters = parameters.fields;
        state.record_sent(Sent { seq, bot_id, method, chat_id, text, at_ms, message_id, parameters });
        message
    })
}

/// A chat nobody wrote from yet; Telegram tells users from groups by the sign.
fn stranger(chat_id: i64) -> Value {
    if chat_id < 0 {
        return json!({ "id": chat_id, "type": "supergroup", "title": "Sandbox group" });
    }
    json!({ "id": chat_id, "type": "private", "first_name": "Sandbox" })
}
