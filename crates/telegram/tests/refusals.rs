//! What an answer that is no result means, and that no error shows the token.

use clawstead_telegram::update::User;
use clawstead_telegram::{Bot, BotToken, TelegramError};
use clawstead_transport::{Matcher, ScriptedTransport, TransportError};
use futures::executor::block_on;

const TOKEN: &str = "7000000001:AA-secret_0";

fn ask(transport: ScriptedTransport) -> Result<User, TelegramError> {
    let token = BotToken::parse(TOKEN).expect("a good token");
    block_on(Bot::new(transport, "https://api.telegram.test", token).get_me())
}

fn error(status: u16, body: &str) -> TelegramError {
    ask(ScriptedTransport::new().answer(Matcher::any(), status, body)).expect_err("this is no result")
}

#[test]
fn each_status_has_its_meaning() {
    let blocked = r#"{"ok": false, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}"#;
    let bad = r#"{"ok": false, "error_code": 400, "description": "Bad Request: chat not found"}"#;
    let wait = r#"{"ok": false, "error_code": 429, "description": "Too Many", "parameters": {"retry_after": 7}}"#;
    let cases = [
        (401, "{}", TelegramError::Unauthorized),
        (404, "", TelegramError::NotFound),
        (403, blocked, TelegramError::Forbidden("Forbidden: bot was blocked by the user".to_owned())),
        (400, bad, TelegramError::BadRequest("Bad Request: chat not found".to_owned())),
        (413, "<html>", TelegramError::BadRequest(String::new())),
        (429, wait, TelegramError::RetryAfter { retry_after_ms: 7_000 }),
        (429, "<html>", TelegramError::RetryAfter { retry_after_ms: 1_000 }),
        (502, "<html>", TelegramError::Unavailable { status: 502 }),
        (302, "", TelegramError::Malformed { status: 302 }),
        (200, "<html>", TelegramError::Malformed { status: 200 }),
        (200, r#"{"ok": true}"#, TelegramError::Malformed { status: 200 }),
        (200, r#"{"ok": true, "result": 1}"#, TelegramError::Malformed { status: 200 }),
        (200, r#"{"ok": false, "error_code": 401}"#, TelegramError::Unauthorized),
    ];
    for (status, body, expected) in cases {
        assert_eq!(error(status, body), expected, "{status} {body}");
    }
}

#[test]
fn a_lost_answer_says_whether_something_may_have_happened() {
    for lost in [TransportError::Timeout, TransportError::Connect, TransportError::Interrupted] {
        let error = ask(ScriptedTransport::new().fail(Matcher::any(), lost)).expect_err("no answer");
        assert_eq!(error, TelegramError::Transport(lost));
        assert_eq!(error.effect_possible(), lost.effect_possible());
    }
    assert!(error(502, "").effect_possible());
    assert!(error(200, "").effect_possible());
    assert!(!error(400, "").effect_possible());
}

#[test]
fn an_echoed_token_is_taken_out_and_a_long_description_is_cut() {
    let echo = format!(r#"{{"ok": false, "error_code": 400, "description": "no route /bot{TOKEN}/getMe"}}"#);
    let TelegramError::BadRequest(said) = error(400, &echo) else {
        panic!("a bad request");
    };
    assert_eq!(said, "no route /bot7000000001:[redacted]/getMe");

    let long = format!(r#"{{"ok": false, "error_code": 400, "description": "{}"}}"#, "ö".repeat(5_000));
    let TelegramError::BadRequest(said) = error(400, &long) else {
        panic!("a bad request");
    };
    assert_eq!(said.chars().count(), 300);
}

#[test]
fn neither_the_bot_nor_an_error_shows_the_token() {
    let bot = Bot::new((), "https://api.telegram.test", BotToken::parse(TOKEN).expect("a good token"));
    assert!(!format!("{bot:?}").contains("secret"));
    let bad_base = Bot::new(ScriptedTransport::new(), "not a url", BotToken::parse(TOKEN).expect("a good token"));
    let error = block_on(bad_base.get_me()).expect_err("the base is no URL");
    assert!(!format!("{error:?} {error}").contains("secret"));
}
