//! `GET /v1/events`: the log as the operator reads it.

use clawstead_tests::{App, seed};
use serde_json::Value;

#[tokio::test]
async fn the_log_is_gapless_and_says_everything_about_an_event() {
    let app = App::start().await;
    app.enqueue("chat-1", "one").await;
    app.enqueue("chat-2", "two").await;

    let page = app.get("/v1/events?limit=1000").await.success().expect("the log is readable");

    let events = page["events"].as_array().expect("events");
    let positions: Vec<u64> = events.iter().filter_map(|event| event["position"].as_u64()).collect();
    assert_eq!(positions, (1..=app.position().await).collect::<Vec<_>>());
    for event in events {
        for (member, fits) in [
            ("stream", event["stream"].is_string()),
            ("version", event["version"].as_u64() >= Some(1)),
            ("type", event["type"].is_string()),
            ("schema", event["schema"].as_u64() >= Some(1)),
            ("at", event["at"].is_i64()),
            ("data", event["data"].is_object()),
            ("meta", event["meta"].is_object()),
        ] {
            assert!(fits, "{member}: {event}");
        }
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_overlap() {
    let app = App::start().await;
    for number in 0..7 {
        app.enqueue("chat", &format!("message {number}")).await;
    }
    let whole = app.get("/v1/events?limit=1000").await.json["events"].clone();

    let mut pages = Vec::new();
    let mut after = 0;
    loop {
        let page = app.get(&format!("/v1/events?after={after}&limit=3")).await.success().expect("a page");
        let events = page["events"].as_array().expect("events").clone();
        assert!(events.len() <= 3);
        pages.extend(events);
        after = page["next_after"].as_u64().expect("where the next page begins");
        if page["has_more"] == false {
            break;
        }
    }

    assert_eq!(Value::Array(pages), whole);
}

#[tokio::test]
async fn a_stream_and_a_type_can_be_picked_out() {
    let app = App::start().await;
    app.enqueue("chat-1", "one").await;
    app.enqueue("chat-1", "two").await;
    app.enqueue("chat-2", "three").await;

    let of_type = app.events("MessageEnqueued").await;
    assert_eq!(of_type.len(), 3);

    let stream = of_type[0]["stream"].as_str().expect("a stream").to_owned();
    let of_stream = app.get(&format!("/v1/events?stream={stream}&limit=1000")).await.json["events"].clone();
    let versions: Vec<u64> = of_stream.as_array().expect("events").iter().filter_map(|event| event["version"].as_u64()).collect();
    assert_eq!(versions, [1, 2]);

    let both = app.get(&format!("/v1/events?stream={stream}&type=MessageEnqueued")).await.json["events"].clone();
    assert_eq!(both, of_stream);
}

#[tokio::test]
async fn nothing_after_the_end_is_an_empty_page_that_can_be_polled() {
    let app = App::start().await;
    let end = app.position().await;

    let page = app.get(&format!("/v1/events?after={end}")).await.success().expect("a page");

    assert_eq!(page["events"].as_array().map(Vec::len), Some(0), "{page}");
    assert_eq!((page["next_after"].as_u64(), &page["has_more"]), (Some(end), &Value::Bool(false)));
}

#[tokio::test]
async fn no_secret_is_in_the_log() {
    let app = App::builder().paired().start().await;
    let worker = app.worker().await;

    let log = app.get("/v1/events?limit=1000").await.text;

    for secret in [seed::BOT_TOKEN, &worker.token, &app.keys().operator, &app.keys().tick, &app.keys().vault] {
        assert!(!log.contains(secret), "the log holds a secret");
    }
}
