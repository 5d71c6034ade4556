//! The worker's own calls of the Bot API.

use serde_json::{Value, json};

use crate::web::Client;

/// The longest text of a message, in UTF-16 units after parsing.
const TEXT_MAX: usize = 4_096;

/// Sends a reply as HTML, escaped and cut to what one message holds.
pub(crate) async fn send_reply(http: &Client, api_url: &str, token: &str, chat_id: &str, reply: &str) -> Result<(), String> {
    let parameters = json!({
        "chat_id": chat_id,
        "text": escape(cut(reply, TEXT_MAX)),
        "parse_mode": "HTML",
    });
    call(http, api_url, token, "sendMessage", &parameters).await.map(|_| ())
}

/// Calls a method and gives its result; errors never hold the token.
pub(crate) async fn call(http: &Client, api_url: &str, token: &str, method: &str, parameters: &Value) -> Result<Value, String> {
    let request = http.post_json(&format!("{api_url}/bot{token}/{method}"), parameters);
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let mut body: Value = serde_json::from_str(&answer.text()).map_err(|error| format!("{method}: {error}"))?;
    if body["ok"].as_bool() == Some(true) {
        return Ok(body["result"].take());
    }
    Err(format!("Telegram {method} failed: {}", body["description"].as_str().unwrap_or("no reason")))
}

/// The bytes of a file.
pub(crate) async fn download(http: &Client, api_url: &str, token: &str, file_id: &str) -> Result<Vec<u8>, String> {
    let file = call(http, api_url, token, "getFile", &json!({ "file_id": file_id })).await?;
    let path = file["file_path"].as_str().ok_or("getFile gave no path")?;
    Ok(http.get(&format!("{api_url}/file/bot{token}/{path}")).success().await?.to_vec())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The longest beginning of at most `units` UTF-16 units.
fn cut(text: &str, units: usize) -> &str {
    let mut used = 0;
    for (index, character) in text.char_indices() {
        used += character.len_utf16();
        if used > units {
            return &text[..index];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{cut, escape};

    #[test]
    fn cutting_counts_utf16_and_keeps_characters_whole() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "abc");
        assert_eq!(cut("ab🦞", 3), "ab");
        assert_eq!(cut("ab🦞", 4), "ab🦞");
    }

    #[test]
    fn markup_is_escaped_once() {
        assert_eq!(escape("a<b & c>d"), "a&lt;b &amp; c&gt;d");
    }
}
