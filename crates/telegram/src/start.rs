use crate::update::{EntityKind, Message};

/// What a `/start` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// `/start` alone, as sent by the button of a new chat.
    Bare,
    /// `/start <code>`, as sent by a deep link: 4 to 128 characters of `A-Z a-z 0-9 _ -`. Not yet checked.
    Code(String),
    /// `/start` with something that cannot be a code.
    Malformed,
}

/// Whether a message is the `/start` command for the bot of this user name (without `@`), and what it asks for.
///
/// Exactly `/start` or `/start@<bot>`, at the beginning of the text (never of a caption), in lower case as Telegram
/// writes it: `/startup` and `/start@OtherBot` are ordinary text (identity-telegram.md 4.3 and section 11). Telegram
/// marks a command with an entity, so text with entities but without that one, such as a quoted command in code font,
/// is no command; text without any entity is judged by its characters.
#[must_use]
pub fn start_command(message: &Message, bot_username: &str) -> Option<Start> {
    let text = message.text.as_deref()?.trim();
    let command = text.split_whitespace().next()?;
    if !addresses_start(command, bot_username) || !is_marked_as_command(message, command) {
        return None;
    }
    let mut arguments = text[command.len()..].split_whitespace();
    let start = match (arguments.next(), arguments.next()) {
        (None, _) => Start::Bare,
        (Some(code), None) if is_code(code) => Start::Code(code.to_owned()),
        _ => Start::Malformed,
    };
    Some(start)
}

fn addresses_start(command: &str, bot_username: &str) -> bool {
    let Some(addressee) = command.strip_prefix("/start") else {
        return false;
    };
    match addressee.strip_prefix('@') {
        Some(username) => !username.is_empty() && username.eq_ignore_ascii_case(bot_username),
        None => addressee.is_empty(),
    }
}

fn is_marked_as_command(message: &Message, command: &str) -> bool {
    let length = command.encode_utf16().count();
    message.entities.is_empty()
        || message
            .entities
            .iter()
            .any(|entity| entity.kind == EntityKind::BotCommand && entity.offset == 0 && entity.length == length)
}

fn is_code(text: &str) -> bool {
    (4..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn start(text: &str, entities: &serde_json::Value) -> Option<Start> {
        let message = json!({
            "message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"},
            "text": text, "entities": entities,
        });
        let message: Message = serde_json::from_value(message).expect("a message");
        start_command(&message, "Helper_Bot")
    }

    fn unmarked(text: &str) -> Option<Start> {
        start(text, &json!([]))
    }

    fn code(code: &str) -> Option<Start> {
        Some(Start::Code(code.to_owned()))
    }

    #[test]
    fn a_code_has_4_to_128_safe_characters() {
        assert_eq!(unmarked("/start abcd"), code("abcd"));
        assert_eq!(unmarked(" /start \n a-Z_9 "), code("a-Z_9"));
        let longest = "x".repeat(128);
        assert_eq!(unmarked(&format!("/start {longest}")), code(&longest));
        for text in ["/start abc", "/start ab.cd", "/start abcd efgh", "/start äöüß"] {
            assert_eq!(unmarked(text), Some(Start::Malformed), "{text}");
        }
        assert_eq!(unmarked(&format!("/start {longest}x")), Some(Start::Malformed));
        assert_eq!(unmarked("/start"), Some(Start::Bare));
    }

    #[test]
    fn only_the_exact_command_counts() {
        for text in ["/startup", "/start-now", "/START", "start", "hi /start abcd", "/start_abcd", "", "//start"] {
            assert_eq!(unmarked(text), None, "{text}");
        }
    }

    #[test]
    fn a_command_may_name_this_bot_and_no_other() {
        assert_eq!(unmarked("/start@helper_bot abcd"), code("abcd"));
        assert_eq!(unmarked("/start@OtherBot abcd"), None);
        assert_eq!(unmarked("/start@ abcd"), None);
    }

    #[test]
    fn entities_decide_when_there_are_any() {
        let command = json!([{"type": "bot_command", "offset": 0, "length": 6}]);
        let code_font = json!([{"type": "code", "offset": 0, "length": 11}]);
        let too_long = json!([{"type": "bot_command", "offset": 0, "length": 8}]);
        let elsewhere = json!([{"type": "bot_command", "offset": 7, "length": 6}]);
        assert_eq!(start("/start abcd", &command), code("abcd"));
        for other in [code_font, too_long, elsewhere] {
            assert_eq!(start("/start abcd", &other), None, "{other}");
        }
    }
}
