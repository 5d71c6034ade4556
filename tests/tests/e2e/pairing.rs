//! Pairing codes and what becomes of them.

use clawstead_tests::{App, emulators::telegram::Delivery, seed};
use serde_json::{Value, json};

const BJORN: i64 = 5_551_234_002;

fn answer(delivery: &Delivery) -> Value {
    assert_eq!(delivery.status, Some(200), "{delivery:?}");
    serde_json::from_str(&delivery.body).expect("a JSON answer")
}

async fn code_for(app: &App, consumer_user_id: &str) -> (String, String) {
    let body = json!({"consumer_user_id": consumer_user_id, "agent_key": seed::AGENT});
    let pairing = app.post("/v1/pairings", &body).await;
    assert_eq!(pairing.status, 201, "{}", pairing.text);
    let text = |name: &str| pairing.json[name].as_str().expect("a text").to_owned();
    (text("pairing_id"), text("code"))
}

#[tokio::test]
async fn a_code_binds_the_account_that_brings_it_and_only_once() {
    let app = App::builder().bot().start().await;
    let (pairing_id, code) = code_for(&app, "ada").await;
    assert_eq!(app.get(&format!("/v1/pairings/{pairing_id}")).await.json["state"], "pending");

    assert_eq!(answer(&app.write(seed::USER_ID, &format!("/start {code}")).await)["outcome"], "paired");

    assert_eq!(app.get(&format!("/v1/pairings/{pairing_id}")).await.json["state"], "used");
    let bindings = app.get("/v1/bindings?consumer_user_id=ada").await.json["bindings"].clone();
    assert_eq!(bindings[0]["telegram_user_id"], seed::USER_ID.to_string(), "{bindings}");
    assert!(bindings[0]["revoked_at"].is_null(), "{bindings}");

    assert_eq!(answer(&app.write(BJORN, &format!("/start {code}")).await)["outcome"], "refused");
    assert_eq!(app.events("BindingMade").await.len(), 1);
}

#[tokio::test]
async fn the_code_is_nowhere_in_the_log() {
    let app = App::builder().bot().start().await;
    let (_, code) = code_for(&app, "ada").await;
    app.write(seed::USER_ID, &format!("/start {code}")).await;

    assert!(!app.get("/v1/events?limit=1000").await.text.contains(&code));
}

#[tokio::test]
async fn a_redelivered_start_is_the_same_pairing() {
    let app = App::builder().bot().start().await;
    let (_, code) = code_for(&app, "ada").await;
    let mut update = clawstead_tests::updates::text(seed::USER_ID, &format!("/start {code}"));
    update["update_id"] = json!(900_001);

    let first = app.telegram().deliver(seed::BOT_ID, update.clone()).await;
    let again = app.telegram().deliver(seed::BOT_ID, update).await;

    assert_eq!(answer(&first)["outcome"], "paired");
    assert_ne!(answer(&again)["outcome"], "refused", "{again:?}");
    assert_eq!(app.events("BindingMade").await.len(), 1);
    assert_eq!(app.events("PairingRefused").await.len(), 0);
}

#[tokio::test]
async fn an_account_of_one_user_is_not_taken_over_by_another() {
    let app = App::builder().paired().start().await;
    let (_, code) = code_for(&app, "mallory").await;

    assert_eq!(answer(&app.write(seed::USER_ID, &format!("/start {code}")).await)["outcome"], "refused");

    assert_eq!(app.get("/v1/bindings?consumer_user_id=mallory").await.json["bindings"], json!([]));
}

#[tokio::test]
async fn three_codes_of_one_user_may_wait_and_no_more() {
    let app = App::start().await;
    for _ in 0..3 {
        code_for(&app, "ada").await;
    }

    let body = json!({"consumer_user_id": "ada", "agent_key": seed::AGENT});
    let fourth = app.post("/v1/pairings", &body).await;

    assert_eq!(fourth.json["code"], "too_many_pairings", "{}", fourth.text);
    assert!(fourth.status == 409 || fourth.status == 429, "{}", fourth.text);
    code_for(&app, "grace").await;
}
