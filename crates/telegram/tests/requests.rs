//! What the client sends fits the published description of the Bot API (`bot-api.json`, the methods that we call).

use clawstead_telegram::update::Update;
use clawstead_telegram::{Bot, BotToken, ParseMode, ReplyParameters, SendMessage, SetWebhook, TelegramError};
use clawstead_transport::{Matcher, ScriptedTransport};
use futures::executor::block_on;
use http::Method;
use serde_json::{Value, json};

const TOKEN: &str = "7000000001:AA-secret_0";
const USER: &str = r#"{"id": 7000000001, "is_bot": true, "first_name": "Helper", "username": "helper_bot"}"#;
const MESSAGE: &str = r#"{"message_id": 9, "date": 1, "chat": {"id": 4, "type": "private"}, "text": "hi"}"#;

fn description() -> Value {
    serde_json::from_str(include_str!("bot-api.json")).expect("the description is JSON")
}

fn answering(result: &str) -> ScriptedTransport {
    let body = format!(r#"{{"ok": true, "result": {result}}}"#);
    ScriptedTransport::new().answer(Matcher::any(), 200, body)
}

fn bot(transport: &ScriptedTransport) -> Bot<ScriptedTransport> {
    let token = BotToken::parse(TOKEN).expect("a good token");
    Bot::new(transport.clone(), "https://api.telegram.test/", token)
}

/// The body of the only request, after checking it against the description of `method`.
fn checked_body(transport: &ScriptedTransport, method: &str) -> Value {
    let requests = transport.requests();
    let [request] = requests.as_slice() else {
        panic!("exactly one request");
    };
    assert_eq!(*request.method(), Method::POST);
    let expected = format!("https://api.telegram.test/bot{TOKEN}/{method}");
    assert_eq!(request.uri().to_string(), expected);
    assert_eq!(request.headers()["content-type"], "application/json");
    let body: Value = serde_json::from_slice(request.body()).expect("the body is JSON");
    check(&body, &description()["methods"][method]["fields"]);
    body
}

fn check(value: &Value, fields: &Value) {
    let object = value.as_object().expect("parameters are an object");
    let fields = fields.as_array().expect("the description lists fields");
    let field = |name: &str| fields.iter().find(|field| field["name"] == name);
    for (name, value) in object {
        let field = field(name).unwrap_or_else(|| panic!("unknown parameter {name}"));
        let types = field["types"].as_array().expect("the description lists types");
        assert!(types.iter().any(|wanted| fits(value, wanted)), "{name}: {value} is none of {types:?}");
    }
    for field in fields.iter().filter(|field| field["required"] == true) {
        let name = field["name"].as_str().expect("a field has a name");
        assert!(object.contains_key(name), "{name} is missing");
    }
}

fn fits(value: &Value, wanted: &Value) -> bool {
    match wanted.as_str().expect("a type has a name") {
        "Integer" => value.is_i64(),
        "String" => value.is_string(),
        "Boolean" => value.is_boolean(),
        "Array of String" => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
        "ReplyParameters" => {
            check(value, &description()["types"]["ReplyParameters"]["fields"]);
            true
        }
        other => panic!("the checker does not know {other}"),
    }
}

#[test]
fn calls_without_parameters_send_an_empty_object() {
    let transport = answering(USER);
    let me = block_on(bot(&transport).get_me()).expect("scripted");
    assert_eq!((me.id, me.username.as_deref()), (7_000_000_001, Some("helper_bot")));
    assert_eq!(checked_body(&transport, "getMe"), json!({}));

    let transport = answering(r#"{"url": "", "has_custom_certificate": false, "pending_update_count": 3}"#);
    let info = block_on(bot(&transport).get_webhook_info()).expect("scripted");
    assert_eq!((info.url.as_str(), info.pending_update_count), ("", 3));
    assert_eq!(checked_body(&transport, "getWebhookInfo"), json!({}));
}

#[test]
fn a_webhook_is_set_with_its_secret_and_its_kinds_of_update() {
    let webhook = SetWebhook {
        url: "https://claw.test/telegram/7000000001".to_owned(),
        secret_token: "s3cret_token".to_owned(),
        allowed_updates: vec!["message".to_owned(), "my_chat_member".to_owned()],
        drop_pending_updates: false,
        max_connections: Some(40),
    };
    let transport = answering("true");
    block_on(bot(&transport).set_webhook(&webhook)).expect("scripted");
    let body = checked_body(&transport, "setWebhook");
    assert_eq!(body["secret_token"], "s3cret_token");
    assert_eq!(body["allowed_updates"], json!(["message", "my_chat_member"]));
    assert!(!format!("{webhook:?}").contains("s3cret"));
}

#[test]
fn a_webhook_is_deleted_with_or_without_what_waits() {
    let transport = answering("true");
    block_on(bot(&transport).delete_webhook(true)).expect("scripted");
    let body = checked_body(&transport, "deleteWebhook");
    assert_eq!(body, json!({"drop_pending_updates": true}));
}

#[test]
fn a_plain_message_sends_no_more_than_it_says() {
    let transport = answering(MESSAGE);
    let sent = block_on(bot(&transport).send_message(&SendMessage::plain(4, "hi"))).expect("scripted");
    assert_eq!(sent.message_id, 9);
    assert_eq!(checked_body(&transport, "sendMessage"), json!({"chat_id": 4, "text": "hi"}));
}

#[test]
fn a_full_message_fits_too() {
    let message = SendMessage {
        message_thread_id: Some(77),
        parse_mode: Some(ParseMode::Html),
        reply_parameters: Some(ReplyParameters { message_id: 5, allow_sending_without_reply: true }),
        ..SendMessage::plain(-100, "<b>hi</b>")
    };
    let transport = answering(MESSAGE);
    block_on(bot(&transport).send_message(&message)).expect("scripted");
    assert_eq!(checked_body(&transport, "sendMessage")["parse_mode"], "HTML");
}

#[test]
fn a_file_is_asked_for_by_its_id() {
    let transport = answering(r#"{"file_id": "F", "file_unique_id": "U", "file_size": 7, "file_path": "a/b.jpg"}"#);
    let file = block_on(bot(&transport).get_file("F")).expect("scripted");
    assert_eq!((file.size_bytes, file.file_path.as_deref()), (Some(7), Some("a/b.jpg")));
    assert_eq!(checked_body(&transport, "getFile"), json!({"file_id": "F"}));
}

#[test]
fn every_kind_of_update_of_the_bot_api_has_its_name() {
    let read = ["message", "edited_message", "channel_post", "edited_channel_post", "callback_query", "my_chat_member"];
    let description = description();
    let kinds = description["update_kinds"].as_array().expect("a list of kinds");
    for kind in kinds.iter().filter_map(Value::as_str).filter(|kind| !read.contains(kind)) {
        let update: Update = serde_json::from_value(json!({"update_id": 1, kind: {}})).expect("an update");
        assert_eq!(update.kind(), kind);
    }
}

#[test]
fn a_file_is_fetched_below_its_bot_and_its_path_cannot_lead_out() {
    let transport = ScriptedTransport::new().answer(Matcher::any(), 200, "bytes").answer(Matcher::any(), 404, "");
    let body = |path: &str| block_on(bot(&transport).download(path));
    let mut file = body("photos/file 1?.jpg").expect("scripted");
    assert_eq!(block_on(file.next()).expect("scripted"), Some(b"bytes".to_vec()));
    let uri = transport.requests()[0].uri().to_string();
    assert_eq!(uri, format!("https://api.telegram.test/file/bot{TOKEN}/photos/file%201%3F.jpg"));
    for path in ["../getMe", "a/../../getMe", "a//b", "", "./a", "/a"] {
        assert!(body(path).is_err(), "{path}");
    }
    assert_eq!(transport.requests().len(), 1, "none of these was sent");
    assert_eq!(body("gone.jpg").expect_err("it is gone"), TelegramError::NotFound);
}
