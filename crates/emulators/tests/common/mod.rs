//! What several test files share; not every file uses all of it.
#![expect(dead_code, reason = "each test file is its own crate and uses a part")]

pub(crate) mod http;
pub(crate) mod plane;
pub(crate) mod schema;
pub(crate) mod webhook;

use std::time::Duration;

use serde_json::Value;

/// How long a test waits for something that must come; it never decides an outcome by being short.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// A sample update.
pub(crate) fn sample(name: &str) -> Value {
    let path = format!("{}/tests/data/updates/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read(path).expect("the sample exists");
    serde_json::from_slice(&text).expect("the sample is JSON")
}

/// A text message of a user in their private chat.
pub(crate) fn text_update(update_id: i64, chat_id: i64, text: &str) -> Value {
    serde_json::json!({
        "update_id": update_id,
        "message": {
            "message_id": update_id,
            "date": 1_763_619_641,
            "from": { "id": chat_id, "is_bot": false, "first_name": "Ada" },
            "chat": { "id": chat_id, "type": "private", "first_name": "Ada" },
            "text": text,
        },
    })
}
