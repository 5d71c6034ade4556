//! Files that Telegram hands out slowly, in part, late, not at all, or longer than it says.

use clawstead_tests::{App, emulators::Fault, eventually, function_value, seed, updates};
use serde_json::{Value, json};

const CHAT: i64 = seed::USER_ID;
const BYTES: usize = 300_000;

/// Ada sends a file that Telegram has; the update is answered before anything is fetched.
async fn sent(app: &App, bytes: Vec<u8>) {
    let file_id = app.telegram().add_file("notes.pdf", bytes);
    let mut update = updates::text(CHAT, "");
    let message = update["message"].as_object_mut().expect("a message");
    message.remove("text");
    message.insert("document".to_owned(), json!({"file_id": file_id, "file_name": "notes.pdf"}));
    let delivery = app.telegram().deliver(seed::BOT_ID, update).await;
    assert_eq!(delivery.status, Some(200), "{delivery:?}");
}

/// Lets time pass and ticks until that many events of a type are there; gives the last one.
async fn ticked(app: &App, event_type: &str, count: usize) -> Value {
    eventually(event_type, || async {
        app.tick().await;
        let events = app.events(event_type).await;
        (events.len() >= count).then(|| events.last().expect("some")["data"].clone())
    })
    .await
}

fn download(fault: Fault) -> Fault {
    Fault { method: Some("download".into()), ..fault }
}

#[tokio::test]
async fn a_file_comes_whole_whatever_goes_wrong_on_the_way() {
    let app = App::builder().paired().start().await;
    let bytes: Vec<u8> = (0..BYTES).map(|number| (number % 251) as u8).collect();
    let troubles = [
        ("not at all", download(Fault { status: Some(502), ..Fault::default() }), "no_answer"),
        ("later", download(Fault { status: Some(429), retry_after: Some(1), ..Fault::default() }), "telegram_asks_to_wait"),
        ("in part", download(Fault { cut_at: Some(70_000), ..Fault::default() }), "broken_off"),
        ("not yet", Fault { method: Some("getFile".into()), status: Some(500), ..Fault::default() }, "no_answer"),
    ];
    for (number, (what, fault, error)) in (1..).zip(troubles) {
        app.telegram().fault(fault);
        sent(&app, bytes.clone()).await;
        let fetched = ticked(&app, "FileFetched", number).await;
        assert_eq!(fetched["size_bytes"], BYTES, "{what}");
        let failed = app.events("FileFetchFailed").await;
        let last = &failed.last().expect("one failed")["data"];
        assert_eq!((failed.len(), &last["error"], last["retry_at"].is_i64()), (number, &json!(error), true), "{what}: {last}");
    }
    let worker = app.worker().await;
    let bundle = function_value(&worker.hydrate(&worker.claim().await).await);
    let url = bundle["payload"]["attachments"][0]["downloadUrl"].as_str().expect("a URL").to_owned();
    assert_eq!(reqwest::get(url).await.expect("an answer").bytes().await.expect("a body"), bytes);
}

#[tokio::test]
async fn a_file_that_comes_slowly_is_waited_for() {
    let app = App::builder().paired().start().await;
    app.telegram().fault(download(Fault { piece_ms: Some(100), ..Fault::default() }));
    sent(&app, vec![7; BYTES]).await;
    assert_eq!(ticked(&app, "FileFetched", 1).await["size_bytes"], BYTES);
    assert!(app.events("FileFetchFailed").await.is_empty());
}

#[tokio::test]
async fn w23_a_telegram_that_does_not_answer_is_given_up_and_asked_again() {
    let app = App::builder().paired().start().await;
    app.telegram().fault(Fault { method: Some("getFile".into()), latency_ms: Some(3_600_000), ..Fault::default() });
    sent(&app, vec![7; BYTES]).await;
    assert_eq!(ticked(&app, "FileFetched", 1).await["size_bytes"], BYTES);
    assert_eq!(app.events("FileFetchFailed").await[0]["data"]["error"], "no_answer");
}

#[tokio::test]
async fn w38_a_file_that_is_longer_than_it_says_is_refused_while_it_comes() {
    let app = App::builder().paired().config("retention", json!({"attachment_bytes_max": 100_000})).start().await;
    app.telegram().fault(Fault { method: Some("getFile".into()), says_size: Some(6), ..Fault::default() });
    sent(&app, vec![7; BYTES]).await;
    let failed = ticked(&app, "FileFetchFailed", 1).await;
    assert_eq!((&failed["error"], &failed["retry_at"]), (&json!("file_too_large"), &Value::Null));
    // A liar the other way does no harm.
    app.telegram().fault(Fault { method: Some("getFile".into()), says_size: Some(60_000), ..Fault::default() });
    sent(&app, vec![7; 6]).await;
    assert_eq!(ticked(&app, "FileFetched", 1).await["size_bytes"], 6);
}

#[tokio::test]
async fn c22_what_telegram_hands_to_nobody_costs_the_message_nothing() {
    let app = App::builder().paired().start().await;
    sent(&app, vec![7; 21 << 20]).await;
    let failed = ticked(&app, "FileFetchFailed", 1).await;
    assert_eq!((&failed["error"], &failed["retry_at"]), (&json!("not_to_be_had"), &Value::Null));
    let worker = app.worker().await;
    let job = worker.claim().await;
    assert_eq!(job["payload"]["messageText"], "[telegram media] document message", "{job}");
}
