//! What we send to Telegram, and what we fetch from there, over HTTP and with the stand-in for Telegram.

use std::time::{Duration, Instant};

use clawstead_tests::{App, TestWorker, assert_problem, emulators::Fault, eventually, seed, updates};
use reqwest::Method;
use serde_json::{Value, json};

const CHAT: i64 = seed::USER_ID;

/// Texts that a chat shows, without what people are told when they pair.
fn shown(app: &App) -> Vec<String> {
    let ours = |text: &String| !text.starts_with("You are connected");
    app.telegram().sent().into_iter().filter(|sent| sent.chat_id == CHAT).map(|sent| sent.text).filter(ours).collect()
}

async fn until_shown(app: &App, texts: &[&str]) {
    eventually(&format!("{texts:?} in the chat"), || async { (shown(app) == texts).then_some(()) }).await;
}

/// A job of our own protocol for what Ada writes.
async fn in_hand(app: &App, worker: &TestWorker, text: &str) -> Value {
    app.write(CHAT, text).await;
    let answer = app.post(&format!("/worker/{}/v1/claim", worker.token), &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json
}

async fn reply(
    app: &App,
    worker: &TestWorker,
    job: &Value,
    key: Option<&str>,
    text: &str,
    format: &str,
) -> clawstead_tests::Answer {
    let body = json!({"message_id": job["message_id"], "lease_id": job["lease_id"], "text": text, "format": format});
    let request = app.api().anonymous().request(Method::POST, &format!("/worker/{}/v1/replies", worker.token)).json(&body);
    let request = if let Some(key) = key { request.header("idempotency-key", key) } else { request };
    app.api().send(request).await.expect("clawstead answers")
}

#[tokio::test]
async fn a_worker_without_a_bot_token_answers_a_person() {
    let app = App::builder().paired().start().await;
    let worker = app.worker().await;
    let job = in_hand(&app, &worker, "hello").await;

    let first = reply(&app, &worker, &job, Some("1"), "<b>hello</b> Ada", "html").await;
    let again = reply(&app, &worker, &job, Some("1"), "<b>hello</b> Ada", "html").await;
    let second = reply(&app, &worker, &job, Some("2"), "how are you?", "plain").await;

    assert_eq!((first.status, again.status, second.status), (201, 200, 201), "{} {}", first.text, again.text);
    assert_eq!(first.json["reply_id"], again.json["reply_id"]);
    // Nothing ticks: they are sent after the answers.
    until_shown(&app, &["hello Ada", "how are you?"]).await;
    let other = reply(&app, &worker, &job, Some("1"), "something else", "plain").await;
    assert_problem(&other, 409, "idempotency_key_reused", None);
    let keyless = reply(&app, &worker, &job, None, "x", "plain").await;
    assert_problem(&keyless, 400, "missing_field", Some("Idempotency-Key"));
    let late =
        reply(&app, &worker, &json!({"message_id": job["message_id"], "lease_id": "guess"}), Some("3"), "x", "plain").await;
    assert_problem(&late, 409, "lease_not_yours", None);
    assert!(!app.get("/v1/events?limit=1000").await.text.contains(seed::BOT_TOKEN));
}

#[tokio::test]
async fn telegram_is_obeyed_and_the_tick_sends_what_had_to_wait() {
    let app = App::builder().paired().start().await;
    let worker = app.worker().await;
    let job = in_hand(&app, &worker, "hello").await;
    app.until_told().await;
    app.telegram().fault(Fault {
        method: Some("sendMessage".into()),
        status: Some(429),
        retry_after: Some(1),
        ..Fault::default()
    });

    reply(&app, &worker, &job, Some("1"), "one", "plain").await;
    reply(&app, &worker, &job, Some("2"), "two", "plain").await;

    eventually("the refusal", || async { (app.events("ReplyPostponed").await.len() == 1).then_some(()) }).await;
    eventually("both, in order", || async {
        app.tick().await;
        (shown(&app) == ["one", "two"]).then_some(())
    })
    .await;
    let at = |event: &Value| event["at"].as_i64().unwrap_or_default();
    let (postponed, sent) = (app.events("ReplyPostponed").await, app.events("ReplySent").await);
    assert!(at(sent.last().expect("sent")) - at(&postponed[0]) >= 1_000, "not before a second had passed");
}

#[tokio::test]
async fn html_that_telegram_refuses_arrives_as_plain_text() {
    let app = App::builder().paired().start().await;
    let worker = app.worker().await;
    let job = in_hand(&app, &worker, "hello").await;

    reply(&app, &worker, &job, Some("1"), "<b>1 &lt; 2</b> but not <oops>", "html").await;

    until_shown(&app, &["1 < 2 but not <oops>"]).await;
}

#[tokio::test]
async fn who_blocked_the_bot_is_shown_with_the_binding() {
    let app = App::builder().paired().start().await;
    let worker = app.worker().await;
    let job = in_hand(&app, &worker, "hello").await;
    app.until_told().await;
    app.telegram().block_chat(CHAT, true);

    reply(&app, &worker, &job, Some("1"), "are you there?", "plain").await;

    eventually("the mark", || async {
        let bindings = app.get("/v1/bindings?consumer_user_id=ada").await.json;
        bindings["bindings"][0]["blocked_at"].is_i64().then_some(())
    })
    .await;
    assert_eq!(app.get("/v1/telegram/stats").await.json["outbox"]["bots"][seed::BOT_ID.to_string()]["blocked"], 1);
}

#[tokio::test]
async fn people_are_told_in_the_operators_words() {
    let app =
        App::builder().bot().config("messages", json!({"reply_stranger": "who are you?", "reply_bad_code": ""})).start().await;

    app.write(CHAT, "hello").await;
    app.write(CHAT, "hello?").await;
    app.write(CHAT, "/start WRONGWRONG22").await;

    until_shown(&app, &["who are you?"]).await;
    assert_eq!(app.get("/v1/config/messages").await.json["reply_stranger"], "who are you?");
}

#[tokio::test]
async fn w23_a_slow_telegram_keeps_nobody_waiting() {
    let app = App::builder().paired().start().await;
    for method in ["sendMessage", "getFile"] {
        let slow = Fault { method: Some(method.into()), latency_ms: Some(600_000), times: Some(0), ..Fault::default() };
        app.telegram().fault(slow);
    }
    let begun = Instant::now();

    app.telegram().deliver(seed::BOT_ID, updates::text(5_551_234_777, "a stranger, who is told so")).await;
    let photo = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/telegram-updates/05-photo-with-caption.json"));
    let photo: Value = serde_json::from_slice(&photo.expect("the sample")).expect("JSON");
    let delivery = app.telegram().deliver(seed::BOT_ID, photo).await;
    assert_eq!(delivery.status, Some(200), "{delivery:?}");
    app.write(CHAT, "and a text behind it").await;

    // Each of these would take ten minutes if it waited for Telegram.
    assert!(begun.elapsed() < Duration::from_secs(300), "{:?}", begun.elapsed());
    assert_eq!(app.events("MessageEnqueued").await.len(), 2);
}

#[tokio::test]
async fn a_photo_is_fetched_after_the_answer_and_handed_to_the_worker() {
    let app = App::builder().paired().start().await;
    let photo = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/telegram-updates/05-photo-with-caption.json"));
    let photo: Value = serde_json::from_slice(&photo.expect("the sample")).expect("JSON");
    let worker = app.worker().await;

    app.telegram().deliver(seed::BOT_ID, photo.clone()).await;
    eventually("the file", || async { (app.events("FileFetched").await.len() == 1).then_some(()) }).await;

    let job = worker.claim().await;
    let bundle = clawstead_tests::function_value(&worker.hydrate(&job).await);
    let attachment = &bundle["payload"]["attachments"][0];
    let size = photo["message"]["photo"][2]["file_size"].clone();
    assert_eq!((&attachment["status"], &attachment["sizeBytes"]), (&json!("ready"), &size), "{attachment}");
    let bytes =
        reqwest::get(attachment["downloadUrl"].as_str().expect("a URL")).await.expect("an answer").bytes().await.expect("a body");
    assert_eq!(bytes.len() as i64, size.as_i64().expect("a size"));
}

#[tokio::test]
async fn what_updates_came_to_is_counted() {
    let app = App::builder().paired().start().await;
    app.write(CHAT, "hello").await;
    app.telegram().deliver(seed::BOT_ID, updates::text(5_551_234_777, "a stranger")).await;

    let counted = |stats: &Value, outcome: &str| {
        let updates = stats["updates"].as_array().cloned().unwrap_or_default();
        updates.iter().find(|count| count["kind"] == "message" && count["outcome"] == outcome).map(|count| count["count"].clone())
    };
    eventually("the counters", || async {
        let stats = app.get("/v1/telegram/stats").await.json;
        let found = ["paired", "enqueued", "refused:not_paired"].map(|outcome| counted(&stats, outcome));
        (found == [Some(json!(1)), Some(json!(1)), Some(json!(1))]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn groups_are_listened_to_where_the_operator_says_so() {
    let app = App::builder().paired().start().await;
    let mut update = updates::text(CHAT, "hello all");
    update["message"]["chat"] = json!({"id": -100_200, "type": "supergroup", "title": "Team"});
    let outcome = async |update: &Value| {
        let delivery = app.telegram().deliver(seed::BOT_ID, update.clone()).await;
        serde_json::from_str::<Value>(&delivery.body).expect("a JSON answer")["outcome"].clone()
    };
    assert_eq!(outcome(&update).await, "ignored");

    let policy = app.put("/v1/config/telegram", &json!({"group_agents": [seed::AGENT]})).await;
    assert_eq!(policy.status, 200, "{}", policy.text);
    update["message"]["message_id"] = json!(7);
    assert_eq!(outcome(&update).await, "enqueued");

    let worker = app.worker().await;
    let claimed = app.post(&format!("/worker/{}/v1/claim", worker.token), &json!({})).await.json;
    reply(&app, &worker, &claimed, Some("1"), "hello Team", "plain").await;
    eventually("the reply in the group", || async {
        app.telegram().sent().iter().any(|sent| sent.chat_id == -100_200 && sent.text == "hello Team").then_some(())
    })
    .await;
    assert!(shown(&app).is_empty(), "nothing of it in private");
}

#[tokio::test]
async fn what_we_call_is_what_the_bot_api_describes() {
    let app = App::builder().paired().start().await;
    let worker = app.worker().await;
    let job = in_hand(&app, &worker, "hello").await;
    reply(&app, &worker, &job, Some("1"), "<i>hi</i>", "html").await;
    until_shown(&app, &["hi"]).await;
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/telegram/tests/bot-api.json"));
    let description: Value = serde_json::from_str(&text.expect("the description")).expect("JSON");

    let sent = app.telegram().sent();

    assert!(sent.len() >= 2, "{sent:?}");
    for sent in sent {
        let fields = description["methods"][&sent.method]["fields"].as_array().expect("a method of the Bot API").clone();
        for (name, value) in &sent.parameters {
            let field = fields.iter().find(|field| field["name"] == **name).unwrap_or_else(|| panic!("unknown parameter {name}"));
            let types = field["types"].as_array().expect("types");
            let fits = types.iter().any(|wanted| match wanted.as_str() {
                Some("Integer") => value.is_i64(),
                Some("String") => value.is_string(),
                Some("Boolean") => value.is_boolean(),
                _ => value.is_object() || value.is_array(),
            });
            assert!(fits, "{name}: {value} is none of {types:?}");
        }
        for field in fields.iter().filter(|field| field["required"] == true) {
            assert!(sent.parameters.contains_key(field["name"].as_str().expect("a name")), "{} is missing", field["name"]);
        }
    }
}
