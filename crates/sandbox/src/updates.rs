//! Telegram updates, as the stand-in delivers them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// A text that a person writes to the bot in their private chat. Telegram gives the private chat the id of the person.
pub fn text(user_id: i64, text: &str) -> Value {
    // Ids of messages count up within a chat; the clock does as well, also across restarts.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    text_with_id(user_id, text, i64::try_from(now).unwrap_or(i64::MAX))
}

/// The same with a message id of the caller's choice.
pub fn text_with_id(user_id: i64, text: &str, message_id: i64) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    json!({"message": {
        "message_id": message_id,
        "from": {"id": user_id, "is_bot": false, "first_name": "Ada", "language_code": "en"},
        "chat": {"id": user_id, "type": "private", "first_name": "Ada"},
        "date": now,
        "text": text,
    }})
}
