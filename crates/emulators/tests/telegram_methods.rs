//! The Bot API towards bots: authentication, methods, shapes and refusals.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use clawstead_emulators::{Bot, Fault, Telegram, TelegramOptions};
use common::http::Client;
use common::schema::assert_telegram;
use common::{sample, text_update};
use serde_json::{Value, json};

const TOKEN: &str = "7000000001:secret";
const BOT: i64 = 7_000_000_001;
const CHAT: i64 = 5_551_234_001;

async fn telegram() -> (Telegram, Client) {
    let telegram = Telegram::start(TelegramOptions::default()).await.expect("starts");
    telegram.add_bot(Bot { token: TOKEN.into(), id: BOT, username: "helper_bot".into(), first_name: "Helper".into() });
    let client = Client::new(telegram.base_url());
    (telegram, client)
}

fn method(name: &str) -> String {
    format!("/bot{TOKEN}/{name}")
}

async fn send(client: &Client, parameters: Value) -> common::http::Answer {
    client.post(&method("sendMessage"), parameters).await
}

#[tokio::test]
async fn the_token_decides_who_is_asked_for() {
    let (telegram, client) = telegram().await;
    let me = client.get(&method("getMe")).await;
    assert_eq!((me.status, &me.body["ok"]), (200, &json!(true)));
    assert_telegram("User", &me.body["result"]);
    assert_eq!(me.body["result"]["username"], "helper_bot");
    let encoded = client.get(&format!("/bot{}/getMe", TOKEN.replace(':', "%3A"))).await;
    assert_eq!(encoded.status, 200);

    let stranger = client.get("/bot1:wrong/getMe").await;
    assert_eq!(stranger.status, 401);
    assert_eq!(stranger.body, json!({ "ok": false, "error_code": 401, "description": "Unauthorized" }));
    let unknown = client.get(&method("getNothing")).await;
    assert_eq!((unknown.status, &unknown.body["error_code"]), (404, &json!(404)));
    telegram.stop().await;
}

#[tokio::test]
async fn parameters_come_in_every_form() {
    let (telegram, client) = telegram().await;
    send(&client, json!({ "chat_id": CHAT, "text": "as json" })).await;
    client.get(&format!("{}?chat_id={CHAT}&text=as+query", method("sendMessage"))).await;
    let form = format!("chat_id={CHAT}&text=as%20form").into_bytes();
    client.post_as(&method("sendMessage"), "application/x-www-form-urlencoded", form).await;
    let multipart = format!(
        "--b\r\ncontent-disposition: form-data; name=\"chat_id\"\r\n\r\n{CHAT}\r\n\
         --b\r\ncontent-disposition: form-data; name=\"text\"\r\n\r\nas multipart\r\n--b--\r\n"
    );
    client.post_as(&method("sendMessage"), "multipart/form-data; boundary=b", multipart.into_bytes()).await;
    let texts: Vec<String> = telegram.sent().into_iter().map(|sent| sent.text).collect();
    assert_eq!(texts, ["as json", "as query", "as form", "as multipart"]);
    telegram.stop().await;
}

#[tokio::test]
async fn a_sent_message_is_a_message() {
    let (telegram, client) = telegram().await;
    telegram.deliver(BOT, sample("01-text-private")).await;
    let text = "<b>Hi</b> &lt;Ada&gt;";
    let answer = send(&client, json!({ "chat_id": CHAT, "text": text, "parse_mode": "HTML" })).await;
    assert_eq!(answer.status, 200);
    let message = &answer.body["result"];
    assert_telegram("Message", message);
    assert_eq!(message["text"], "Hi <Ada>");
    assert_eq!(message["entities"][0], json!({ "type": "bold", "offset": 0, "length": 2 }));
    assert_eq!(message["chat"]["username"], "ada_l", "the chat is the one the update came from");
    let sent = telegram.sent().remove(0);
    assert_eq!((sent.bot_id, sent.chat_id, sent.text.as_str()), (BOT, CHAT, "Hi <Ada>"));
    assert_eq!(sent.parameters["text"], text);
    telegram.stop().await;
}

#[tokio::test]
async fn what_telegram_refuses_is_refused() {
    let (telegram, client) = telegram().await;
    let longest = "🦞".repeat(2_048);
    assert_eq!(send(&client, json!({ "chat_id": CHAT, "text": longest })).await.status, 200);
    telegram.block_chat(99, true);
    let html = |text: &str| json!({ "chat_id": CHAT, "text": text, "parse_mode": "HTML" });
    let cases = [
        (json!({ "chat_id": CHAT, "text": format!("{longest}x") }), 400, "Bad Request: message is too long"),
        (json!({ "chat_id": CHAT, "text": " " }), 400, "Bad Request: message text is empty"),
        (json!({ "text": "x" }), 400, "Bad Request: chat_id is empty"),
        (json!({ "chat_id": "nobody", "text": "x" }), 400, "Bad Request: chat not found"),
        (json!({ "chat_id": 99, "text": "x" }), 403, "Forbidden: bot was blocked by the user"),
        (html("a<b"), 400, "Bad Request: can't parse entities: "),
        (html("<made-up>x</made-up>"), 400, "Bad Request: can't parse entities: Unsupported start tag \"made-up\""),
    ];
    for (parameters, status, description) in cases {
        let answer = send(&client, parameters.clone()).await;
        assert_eq!(answer.status, status, "{parameters}");
        assert_eq!(answer.body["error_code"], status);
        let given = answer.body["description"].as_str().expect("a description");
        assert!(given.starts_with(description), "{given}");
    }
    assert_eq!(telegram.sent().len(), 1, "refused messages are not sent");
    telegram.stop().await;
}

#[tokio::test]
async fn only_known_chats_when_asked_for() {
    let options = TelegramOptions { known_chats_only: true, ..TelegramOptions::default() };
    let telegram = Telegram::start(options).await.expect("starts");
    let bot = Bot { token: TOKEN.into(), id: BOT, username: "b".into(), first_name: "B".into() };
    telegram.add_bot(bot);
    let client = Client::new(telegram.base_url());
    let message = json!({ "chat_id": 7, "text": "x" });
    assert_eq!(send(&client, message.clone()).await.status, 400);
    telegram.deliver(BOT, text_update(1, 7, "hello")).await;
    assert_eq!(send(&client, message).await.status, 200);
    telegram.stop().await;
}

#[tokio::test]
async fn webhook_settings_are_checked_and_shown() {
    let (telegram, client) = telegram().await;
    let set = async |parameters: Value| client.post(&method("setWebhook"), parameters).await.status;
    let url = "http://127.0.0.1:9/hook";
    assert_eq!(set(json!({ "url": "ftp://x/" })).await, 400);
    assert_eq!(set(json!({ "url": url, "secret_token": "no spaces" })).await, 400);
    assert_eq!(set(json!({ "url": url, "secret_token": "a".repeat(257) })).await, 400);
    assert_eq!(set(json!({ "url": url, "allowed_updates": "no list" })).await, 400);
    let before = client.get(&method("getWebhookInfo")).await.body;
    assert_telegram("WebhookInfo", &before["result"]);
    assert_eq!(before["result"]["url"], "");

    let good = json!({
        "url": url,
        "secret_token": "a".repeat(256),
        "allowed_updates": "[\"message\"]",
        "max_connections": "7",
    });
    assert_eq!(set(good).await, 200);
    telegram.push(BOT, text_update(1, 7, "nobody listens there"));
    let info = &client.get(&method("getWebhookInfo")).await.body["result"];
    assert_telegram("WebhookInfo", info);
    assert_eq!((&info["url"], &info["max_connections"]), (&json!(url), &json!(7)));
    assert_eq!(info["pending_update_count"], 1);
    assert_eq!(info["allowed_updates"], json!(["message"]));

    let deleted = client.post(&method("deleteWebhook"), json!({ "drop_pending_updates": true })).await;
    assert_eq!(deleted.body, json!({ "ok": true, "result": true }));
    let after = &client.get(&method("getWebhookInfo")).await.body["result"];
    assert_eq!((&after["url"], &after["pending_update_count"]), (&json!(""), &json!(0)));
    telegram.stop().await;
}

#[tokio::test]
async fn files_of_updates_and_registered_ones_can_be_fetched() {
    let (telegram, client) = telegram().await;
    let photo = sample("05-photo-with-caption");
    let declared = &photo["message"]["photo"][1];
    let get_file = async |id: &str| client.post(&method("getFile"), json!({ "file_id": id })).await;
    assert_eq!(get_file(declared["file_id"].as_str().unwrap()).await.status, 400, "not seen yet");
    telegram.deliver(BOT, photo.clone()).await;
    let file = get_file(declared["file_id"].as_str().unwrap()).await.body["result"].clone();
    assert_telegram("File", &file);
    assert_eq!(file["file_unique_id"], declared["file_unique_id"]);
    let path = format!("/file/bot{TOKEN}/{}", file["file_path"].as_str().unwrap());
    let (status, bytes) = client.bytes(&path).await;
    assert_eq!((status, bytes.len() as i64), (200, declared["file_size"].as_i64().unwrap()));
    assert_eq!(client.bytes(&path).await.1, bytes, "the same bytes every time");
    assert_eq!(client.bytes(&path.replace("secret", "wrong")).await.0, 401);

    let registered = client.post_as("/sandbox/files?name=a.pdf", "application/pdf", b"%PDF".to_vec()).await.body;
    let file = get_file(registered["file_id"].as_str().unwrap()).await.body["result"].clone();
    let path = format!("/file/bot{TOKEN}/{}", file["file_path"].as_str().unwrap());
    assert!(path.ends_with(".pdf"));
    assert_eq!(client.bytes(&path).await, (200, b"%PDF".to_vec()));
    telegram.stop().await;
}

#[tokio::test]
async fn audio_is_uploaded_or_named() {
    let (telegram, client) = telegram().await;
    let body = format!(
        "--b\r\ncontent-disposition: form-data; name=\"chat_id\"\r\n\r\n{CHAT}\r\n\
         --b\r\ncontent-disposition: form-data; name=\"caption\"\r\n\r\nlisten\r\n\
         --b\r\ncontent-disposition: form-data; name=\"audio\"; filename=\"a.mp3\"\r\n\r\nnoise\r\n--b--\r\n"
    );
    let uploaded = client.post_as(&method("sendAudio"), "multipart/form-data; boundary=b", body.into_bytes()).await;
    let message = &uploaded.body["result"];
    assert_telegram("Message", message);
    assert_eq!((&message["audio"]["file_size"], &message["caption"]), (&json!(5), &json!("listen")));
    let again = json!({ "chat_id": CHAT, "audio": message["audio"]["file_id"] });
    assert_eq!(client.post(&method("sendAudio"), again).await.status, 200);
    let unknown = json!({ "chat_id": CHAT, "audio": "nothing" });
    assert_eq!(client.post(&method("sendAudio"), unknown).await.status, 400);
    telegram.stop().await;
}

#[tokio::test]
async fn troubles_are_served_when_ordered() {
    let (telegram, client) = telegram().await;
    let message = json!({ "chat_id": CHAT, "text": "x" });
    let order = json!({ "method": "sendMessage", "status": 429, "retry_after": 3, "times": 2 });
    assert_eq!(client.post("/sandbox/faults", order).await.status, 200);
    for _ in 0..2 {
        let slow = send(&client, message.clone()).await;
        assert_eq!(slow.status, 429);
        assert_eq!(slow.body["parameters"], json!({ "retry_after": 3 }));
    }
    assert_eq!(client.get(&method("getMe")).await.status, 200, "other methods are not concerned");
    assert_eq!(send(&client, message.clone()).await.status, 200);

    telegram.fault(Fault { lost_reply: true, ..Fault::default() });
    assert_eq!(send(&client, message.clone()).await.status, 504);
    assert_eq!(telegram.sent().len(), 2, "it took effect");

    client.post("/sandbox/faults", json!({ "blocked_chat": CHAT })).await;
    assert_eq!(send(&client, message.clone()).await.status, 403);
    client.post("/sandbox/faults", json!({ "clear": true })).await;
    assert_eq!(send(&client, message).await.status, 200);
    telegram.stop().await;
}
