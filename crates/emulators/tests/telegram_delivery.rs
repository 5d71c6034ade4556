//! Updates on their way to a webhook.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use clawstead_emulators::{Bot, Outcome, Telegram, TelegramOptions};
use common::http::Client;
use common::webhook::{Reply, Webhook};
use common::{LONG, sample, text_update};
use serde_json::{Value, json};

const TOKEN: &str = "42:token";
const BOT: i64 = 42;

fn quick() -> TelegramOptions {
    TelegramOptions { retry_base: Duration::from_millis(1), retry_max: Duration::from_millis(5), ..TelegramOptions::default() }
}

async fn start(options: TelegramOptions, settings: Value) -> (Telegram, Webhook, Client) {
    let telegram = Telegram::start(options).await.expect("starts");
    telegram.add_bot(Bot { token: TOKEN.into(), id: BOT, username: "bot".into(), first_name: "Bot".into() });
    let client = Client::new(telegram.base_url());
    let webhook = Webhook::start().await;
    let mut settings = settings;
    settings["url"] = json!(webhook.url);
    let set = client.post(&format!("/bot{TOKEN}/setWebhook"), settings).await;
    assert_eq!(set.status, 200, "{}", set.body);
    (telegram, webhook, client)
}

#[tokio::test]
async fn an_update_arrives_with_the_secret() {
    let (telegram, webhook, _) = start(quick(), json!({ "secret_token": "s3cret_-" })).await;
    let delivery = telegram.deliver(BOT, sample("01-text-private")).await;
    assert_eq!((delivery.outcome, delivery.attempts, delivery.status), (Outcome::Delivered, 1, Some(200)));
    let received = webhook.received().remove(0);
    assert_eq!(received.update, sample("01-text-private"));
    assert_eq!(received.secret.as_deref(), Some("s3cret_-"));
    telegram.stop().await;
}

#[tokio::test]
async fn without_a_secret_there_is_no_header() {
    let (telegram, webhook, _) = start(quick(), json!({})).await;
    telegram.deliver(BOT, text_update(1, 1, "x")).await;
    assert_eq!(webhook.received().remove(0).secret, None);
    telegram.stop().await;
}

#[tokio::test]
async fn a_chat_waits_for_its_failed_update() {
    let (telegram, webhook, client) = start(quick(), json!({})).await;
    for status in [500, 503, 404] {
        webhook.reply(Reply::Status(status));
    }
    let first = telegram.push(BOT, text_update(1, 7, "first"));
    let second = telegram.deliver(BOT, text_update(2, 7, "second")).await;
    assert_eq!(webhook.update_ids(), [1, 1, 1, 1, 2]);
    let deliveries = telegram.deliveries();
    let first = deliveries.iter().find(|one| one.seq == first).expect("kept");
    assert_eq!((first.outcome, first.attempts), (Outcome::Delivered, 4));
    assert_eq!((second.outcome, second.attempts), (Outcome::Delivered, 1));
    let info = client.get(&format!("/bot{TOKEN}/getWebhookInfo")).await.body;
    assert!(info["result"]["last_error_message"].as_str().unwrap().contains("404"), "{info}");
    telegram.stop().await;
}

#[tokio::test]
async fn chats_do_not_wait_for_each_other() {
    let (telegram, webhook, _) = start(quick(), json!({})).await;
    webhook.reply_to_chat(7, Reply::Hold);
    let held = telegram.push(BOT, text_update(1, 7, "held"));
    webhook.wait_for_count(1).await;
    let other = telegram.deliver(BOT, text_update(2, 8, "other chat")).await;
    assert_eq!(other.outcome, Outcome::Delivered);
    let same = telegram.push(BOT, text_update(3, 7, "same chat"));
    assert_eq!(webhook.update_ids(), [1, 2]);
    let pending = |seq| telegram.deliveries().iter().any(|one| one.seq == seq && one.outcome == Outcome::Pending);
    assert!(pending(held) && pending(same));
    webhook.release();
    webhook.wait_for_count(3).await;
    assert_eq!(webhook.update_ids(), [1, 2, 3]);
    telegram.stop().await;
}

#[tokio::test]
async fn requests_at_once_are_capped() {
    let (telegram, webhook, client) = start(quick(), json!({ "max_connections": 2 })).await;
    for _ in 0..3 {
        webhook.reply(Reply::Hold);
    }
    for chat_id in 1..=3 {
        telegram.push(BOT, text_update(chat_id, chat_id, "x"));
    }
    webhook.wait_for_count(2).await;
    assert_eq!(client.get(&format!("/bot{TOKEN}/getMe")).await.status, 200);
    assert_eq!(webhook.received().len(), 2, "the third chat waits for a connection");
    webhook.release();
    webhook.wait_for_count(3).await;
    telegram.stop().await;
}

#[tokio::test]
async fn a_slow_answer_counts_as_none() {
    let options = TelegramOptions { webhook_timeout: Duration::from_millis(100), ..quick() };
    let (telegram, webhook, _) = start(options, json!({})).await;
    webhook.reply(Reply::Hold);
    let delivery = telegram.deliver(BOT, text_update(1, 7, "x")).await;
    assert_eq!(delivery.outcome, Outcome::Delivered);
    assert!(delivery.attempts >= 2);
    telegram.stop().await;
}

#[tokio::test]
async fn retry_after_wins_over_the_usual_delay() {
    // The usual delay would not come to an end within the test.
    let hour = Duration::from_secs(3_600);
    let options = TelegramOptions { retry_base: hour, retry_max: hour, ..TelegramOptions::default() };
    let (telegram, webhook, _) = start(options, json!({})).await;
    webhook.reply(Reply::Status(500));
    webhook.reply(Reply::RetryAfter(0));
    let delivery = telegram.deliver(BOT, text_update(1, 7, "x")).await;
    assert_eq!((delivery.outcome, delivery.attempts), (Outcome::Delivered, 3));
    telegram.stop().await;
}

#[tokio::test]
async fn only_wanted_kinds_are_delivered() {
    let (telegram, webhook, _) = start(quick(), json!({ "allowed_updates": ["message"] })).await;
    let edited = telegram.deliver(BOT, sample("10-edited-message")).await;
    assert_eq!((edited.outcome, edited.attempts), (Outcome::NotWanted, 0));
    telegram.deliver(BOT, sample("12-group-text")).await;
    assert_eq!(webhook.update_ids(), [871_230_012]);
    telegram.stop().await;
}

#[tokio::test]
async fn an_answer_can_be_a_call() {
    let (telegram, webhook, _) = start(quick(), json!({})).await;
    webhook.reply(Reply::Json(json!({ "method": "sendMessage", "chat_id": 7, "text": "at once" })));
    telegram.deliver(BOT, text_update(1, 7, "x")).await;
    let sent = telegram.sent_when(LONG, |sent| !sent.is_empty()).await.expect("it is sent");
    assert_eq!((sent[0].chat_id, sent[0].text.as_str()), (7, "at once"));
    telegram.stop().await;
}

#[tokio::test]
async fn updates_wait_for_a_webhook_or_are_dropped() {
    let (telegram, webhook, client) = start(quick(), json!({})).await;
    client.post(&format!("/bot{TOKEN}/deleteWebhook"), json!({})).await;
    let waiting = telegram.deliver(BOT, text_update(1, 7, "kept")).await;
    assert_eq!(waiting.outcome, Outcome::Pending);
    client.post(&format!("/bot{TOKEN}/setWebhook"), json!({ "url": webhook.url })).await;
    webhook.wait_for_count(1).await;

    client.post(&format!("/bot{TOKEN}/deleteWebhook"), json!({})).await;
    let dropped = telegram.push(BOT, text_update(2, 7, "dropped"));
    let anew = json!({ "url": webhook.url, "drop_pending_updates": true });
    client.post(&format!("/bot{TOKEN}/setWebhook"), anew).await;
    telegram.deliver(BOT, text_update(3, 7, "later")).await;
    assert_eq!(webhook.update_ids(), [1, 3]);
    let of_dropped = telegram.deliveries().into_iter().find(|one| one.seq == dropped).unwrap();
    assert_eq!(of_dropped.outcome, Outcome::Dropped);
    telegram.stop().await;
}

#[tokio::test]
async fn the_control_routes_play_the_user() {
    let (telegram, webhook, client) = start(quick(), json!({})).await;
    let mut update = text_update(0, 7, "no id");
    update.as_object_mut().unwrap().remove("update_id");
    let first = client.post("/sandbox/updates?wait=true", update.clone()).await;
    assert_eq!(first.status, 200);
    assert_eq!((&first.body["status"], &first.body["attempts"]), (&json!(200), &json!(1)));
    let second = client.post("/sandbox/updates", json!({ "bot_id": BOT, "update": update })).await;
    assert_eq!(second.status, 202);
    webhook.wait_for_count(2).await;
    let ids = webhook.update_ids();
    assert_eq!(ids[1], ids[0] + 1, "ids are given one after another");
    assert_eq!(client.post("/sandbox/updates", json!({ "bot_id": 9, "update": {} })).await.status, 400);
    assert_eq!(client.get("/sandbox/deliveries").await.body.as_array().unwrap().len(), 2);

    let other = json!({ "token": "43:t", "id": 43, "username": "o", "first_name": "O" });
    client.post("/sandbox/bots", other).await;
    let ambiguous = client.post("/sandbox/updates", text_update(9, 7, "whose?")).await;
    assert_eq!(ambiguous.status, 400);

    let listening = client.get("/sandbox/sent?after=0&chat_id=7&wait=30");
    let path = format!("/bot{TOKEN}/sendMessage");
    let sending = client.post(&path, json!({ "chat_id": 7, "text": "here" }));
    let (sent, _) = tokio::join!(listening, sending);
    assert_eq!(sent.body[0]["text"], "here");
    let after = sent.body[0]["seq"].as_u64().unwrap();
    assert_eq!(client.get(&format!("/sandbox/sent?after={after}")).await.body, json!([]));
    telegram.stop().await;
}

#[tokio::test]
async fn a_restart_keeps_bots_webhooks_and_pending_updates() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("telegram.json");
    let hour = Duration::from_secs(3_600);
    let options =
        TelegramOptions { state_file: Some(file.clone()), retry_base: hour, retry_max: hour, ..TelegramOptions::default() };
    let (telegram, webhook, client) = start(options.clone(), json!({})).await;
    client.post(&format!("/bot{TOKEN}/sendMessage"), json!({ "chat_id": 7, "text": "kept" })).await;
    webhook.reply(Reply::Status(500));
    webhook.reply(Reply::Status(500));
    telegram.push(BOT, text_update(5, 7, "pending"));
    webhook.wait_for_count(2).await;
    telegram.stop().await;
    assert_private(&file);

    let telegram = Telegram::start(options).await.expect("starts again");
    webhook.wait_for_count(3).await;
    assert_eq!(webhook.update_ids(), [5, 5, 5]);
    assert_eq!(telegram.sent()[0].text, "kept");
    let client = Client::new(telegram.base_url());
    assert_eq!(client.get(&format!("/bot{TOKEN}/getMe")).await.status, 200);
    telegram.stop().await;
}

#[cfg(unix)]
fn assert_private(file: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(file).expect("the file exists").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[cfg(not(unix))]
fn assert_private(_: &std::path::Path) {}
