//! Telegram's side: answers to our calls, and updates.

use std::fs;
use std::path::Path;

use clawstead_transport::{Matcher, ScriptedTransport};
use serde_json::{Value, json};

pub(crate) const BOT_ID: &str = "7000000001";
pub(crate) const TOKEN: &str = "7000000001:AAfirst-token";
pub(crate) const ADA: i64 = 5_551_234_001;
pub(crate) const BJORN: i64 = 5_551_234_002;

/// Knows one bot and agrees to everything, once.
pub(crate) fn agreeing(bot_id: &str, username: &str) -> ScriptedTransport {
    knowing(bot_id, username).answer(on("/setWebhook"), 200, json!({"ok": true, "result": true}).to_string())
}

/// Knows one bot, and has no answer to anything else yet.
pub(crate) fn knowing(bot_id: &str, username: &str) -> ScriptedTransport {
    let id: i64 = bot_id.parse().unwrap();
    let me = json!({"ok": true, "result": {"id": id, "is_bot": true, "first_name": "Helper", "username": username}});
    ScriptedTransport::new().answer(on("/getMe"), 200, me.to_string())
}

/// A call of this method.
pub(crate) fn on(method: &'static str) -> Matcher {
    Matcher::when(move |request| request.uri().path().ends_with(method))
}

/// What the webhook was last set to.
pub(crate) fn webhook(transport: &ScriptedTransport) -> Value {
    let requests = transport.requests();
    let last = requests.iter().rfind(|request| request.uri().path().ends_with("/setWebhook")).unwrap();
    serde_json::from_slice(last.body()).unwrap()
}

/// A text that a person writes to the bot in their private chat.
pub(crate) fn text(update_id: i64, user_id: i64, text: &str) -> Vec<u8> {
    update(update_id, user_id, &json!({"id": user_id, "type": "private"}), text)
}

/// A text that a person writes somewhere.
pub(crate) fn update(update_id: i64, user_id: i64, chat: &Value, text: &str) -> Vec<u8> {
    let from = json!({"id": user_id, "is_bot": false, "first_name": "Somebody"});
    let message = json!({"message_id": update_id + 1, "date": 1, "from": from, "chat": chat, "text": text});
    json!({"update_id": update_id, "message": message}).to_string().into_bytes()
}

/// A recorded update.
pub(crate) fn recorded(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../telegram/tests/updates");
    fs::read(folder.join(name).with_extension("json")).unwrap()
}
