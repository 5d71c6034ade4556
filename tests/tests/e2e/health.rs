//! `GET /healthz`.

use clawstead_tests::App;

#[tokio::test]
async fn health_needs_no_key_and_tells_position_and_schema() {
    let app = App::builder().start().await;

    let health = app.api().anonymous().get("/healthz").await.expect("clawstead answers").success().expect("it is up");

    assert!(health["position"].is_u64(), "{health}");
    assert!(health["schema_version"].as_u64().is_some_and(|version| version > 0), "{health}");
    assert!(health["status"] == "ok" || health["status"] == "degraded", "{health}");
}

#[tokio::test]
async fn a_tick_leaves_its_mark() {
    let app = App::builder().start().await;
    let before = app.get("/healthz").await.json;
    assert!(before["last_tick"]["at"].is_null(), "{before}");

    app.tick().await;

    let after = app.get("/healthz").await.json;
    assert!(after["last_tick"]["at"].as_i64().is_some_and(|at| at > 1_700_000_000_000), "{after}");
    assert_eq!(after["last_tick"]["overdue"], false, "{after}");
    assert_eq!(after["status"], "ok", "{after}");
}

#[tokio::test]
async fn the_position_is_that_of_the_last_event() {
    let app = App::start().await;

    let events = app.get("/v1/events?limit=1000").await.json["events"].clone();

    let last = events.as_array().and_then(|events| events.last()).expect("the agent was made");
    assert_eq!(last["position"].as_u64(), Some(app.position().await));
}
