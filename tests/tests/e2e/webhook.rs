//! Updates in, over the bot's webhook.

use clawstead_tests::{
    App, assert_problem,
    emulators::telegram::{Delivery, Outcome},
    eventually, seed, updates,
};
use reqwest::Method;
use serde_json::{Value, json};

const BJORN: i64 = 5_551_234_002;
const SECRET_HEADER: &str = "X-Telegram-Bot-Api-Secret-Token";

fn outcome(delivery: &Delivery) -> String {
    assert_eq!((delivery.status, delivery.outcome), (Some(200), Outcome::Delivered), "{delivery:?}");
    let answer: Value = serde_json::from_str(&delivery.body).expect("a JSON answer");
    assert_eq!(answer["ok"], true, "{answer}");
    answer["outcome"].as_str().expect("an outcome").to_owned()
}

#[tokio::test]
async fn the_same_update_twice_gives_one_message() {
    let app = App::builder().paired().start().await;
    let mut update = updates::text(seed::USER_ID, "hello");
    update["update_id"] = json!(871_230_001);

    let first = app.telegram().deliver(seed::BOT_ID, update.clone()).await;
    let again = app.telegram().deliver(seed::BOT_ID, update).await;

    assert_eq!((outcome(&first).as_str(), outcome(&again).as_str()), ("enqueued", "duplicate"));
    assert_eq!(app.events("MessageEnqueued").await.len(), 1);
}

#[tokio::test]
async fn updates_of_several_chats_go_to_several_conversations() {
    let app = App::builder().paired().start().await;
    app.pair("bjorn", BJORN).await;

    for (user, text) in [(seed::USER_ID, "one"), (BJORN, "two"), (seed::USER_ID, "three")] {
        assert_eq!(outcome(&app.write(user, text).await), "enqueued");
    }

    let messages = app.events("MessageEnqueued").await;
    let stream = |index: usize| messages[index]["stream"].as_str().expect("a stream");
    assert_eq!(stream(0), stream(2));
    assert_ne!(stream(0), stream(1));
    let texts: Vec<&str> = messages.iter().filter_map(|message| message["data"]["text"].as_str()).collect();
    assert_eq!(texts, ["one", "two", "three"]);
}

#[tokio::test]
async fn somebody_who_is_not_paired_reaches_nobody() {
    let app = App::builder().paired().start().await;

    assert_eq!(outcome(&app.write(BJORN, "let me in").await), "refused");

    assert_eq!(app.events("MessageEnqueued").await.len(), 0);
}

#[tokio::test]
async fn every_sample_is_taken_and_only_messages_of_the_paired_person_are_kept() {
    let app = App::builder().paired().start().await;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/telegram-updates");
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .expect("the samples")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    names.sort();
    assert_eq!(names.len(), 23);

    let mut kept: Vec<u32> = Vec::new();
    for name in names {
        let update: Value = serde_json::from_str(&std::fs::read_to_string(&name).expect("a sample")).expect("JSON");
        let delivery = app.telegram().deliver(seed::BOT_ID, update).await;
        if delivery.outcome == Outcome::Delivered && outcome(&delivery) == "enqueued" {
            kept.push(name.file_stem().expect("a name").to_string_lossy()[..2].parse().expect("a number"));
        }
    }

    assert_eq!(kept, [1, 4, 5, 6, 7, 8, 9, 10, 13, 14, 17, 18, 19, 21, 22]);
}

#[tokio::test]
async fn w01_w03_an_update_needs_the_secret_of_its_bot() {
    let app = App::builder().paired().start().await;
    let position = app.position().await;
    let path = format!("/telegram/{}/webhook", seed::BOT_ID);
    let mut update = updates::text(seed::USER_ID, "forged");
    update["update_id"] = json!(5);
    let request = || app.api().anonymous().request(Method::POST, &path).json(&update);

    for request in [request(), request().header(SECRET_HEADER, "guess"), request().bearer_auth(&app.keys().operator)] {
        let answer = app.api().send(request).await.expect("clawstead answers");
        assert_problem(&answer, 401, "unauthenticated", None);
    }

    assert_eq!(app.position().await, position);
}

#[tokio::test]
async fn w02_a_bot_that_nobody_linked_is_answered_like_a_wrong_secret() {
    let app = App::builder().paired().start().await;

    let request = app.api().anonymous().request(Method::POST, "/telegram/7000000099/webhook");
    let request = request.header(SECRET_HEADER, "guess").json(&json!({"update_id": 1}));
    let answer = app.api().send(request).await.expect("clawstead answers");

    assert_problem(&answer, 401, "unauthenticated", None);
}

/// Telegram delivers what is refused again and again, and holds back all that is behind it.
#[tokio::test]
async fn w25_an_update_that_is_too_long_is_passed_over_and_counted() {
    let app = App::builder().paired().start().await;
    let position = app.position().await;
    for kib in [1_100, 4_000] {
        let delivery = app.telegram().deliver(seed::BOT_ID, updates::text(seed::USER_ID, &"x".repeat(kib << 10))).await;
        assert_eq!(outcome(&delivery), "ignored", "{delivery:?}");
    }
    assert_eq!(app.position().await, position);
    eventually("the counter", || async {
        let stats = app.get("/v1/telegram/stats").await.json;
        let counts = stats["updates"].as_array().cloned().unwrap_or_default();
        counts.iter().find(|one| one["outcome"] == "ignored:too_long" && one["kind"] == "malformed").cloned()
    })
    .await;
    assert_eq!(outcome(&app.write(seed::USER_ID, "and what is behind it").await), "enqueued");
}

#[tokio::test]
async fn a_disabled_agent_takes_no_messages() {
    let app = App::builder().paired().start().await;
    app.put("/v1/agents/default", &json!({"enabled": false})).await.success().expect("it is disabled");

    assert_eq!(outcome(&app.write(seed::USER_ID, "anybody there?").await), "refused");

    assert_eq!(app.events("MessageEnqueued").await.len(), 0);
}
