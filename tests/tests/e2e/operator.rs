//! What the operator sets up: agents, bots, API keys, policies.

use clawstead_tests::{App, assert_problem, seed};
use serde_json::json;

#[tokio::test]
async fn an_agent_is_made_changed_and_listed() {
    let app = App::builder().start().await;

    let made = app.put("/v1/agents/helper", &json!({"version": "7"})).await.success().expect("it is made");
    assert_eq!(made, json!({"agent_key": "helper", "version": "7", "enabled": true}));

    let changed = app.put("/v1/agents/helper", &json!({"enabled": false})).await.success().expect("it is changed");
    assert_eq!(changed, json!({"agent_key": "helper", "version": "7", "enabled": false}));

    assert_eq!(app.get("/v1/agents/helper").await.json, changed);
    assert_eq!(app.get("/v1/agents").await.json["agents"], json!([changed]));
}

#[tokio::test]
async fn saying_the_same_again_writes_nothing() {
    let app = App::builder().start().await;
    app.put("/v1/agents/helper", &json!({"version": "7"})).await.success().expect("it is made");
    app.put("/v1/config/lease", &json!({"lease_ms": 5000})).await.success().expect("it is set");
    let position = app.position().await;

    app.put("/v1/agents/helper", &json!({"version": "7"})).await.success().expect("it is as asked");
    app.put("/v1/config/lease", &json!({"lease_ms": 5000})).await.success().expect("it is as asked");

    assert_eq!(app.position().await, position);
}

#[tokio::test]
async fn policies_have_defaults_and_keep_what_was_set() {
    let app = App::builder().start().await;
    let names = ["queue", "lease", "retry", "scaling", "provider", "messages", "retention", "limits", "webhooks"];
    for name in names {
        assert!(app.get(&format!("/v1/config/{name}")).await.success().expect("a default").is_object());
    }

    app.put("/v1/config/scaling", &json!({"machines_max": 3})).await.success().expect("it is taken");

    assert_eq!(app.get("/v1/config/scaling").await.json["machines_max"], 3);
}

#[tokio::test]
async fn a_bot_is_linked_once_and_its_webhook_set_each_time() {
    let app = App::builder().agent().start().await;
    app.telegram().add_bot(seed::bot());
    let body = json!({"agent_key": seed::AGENT, "token": seed::BOT_TOKEN});

    let first = app.post("/v1/bots", &body).await;
    assert_eq!(first.status, 201, "{}", first.text);
    assert_eq!(first.json["bot_id"], seed::BOT_ID.to_string());
    assert_eq!(first.json["username"], "helper_bot");
    let url = format!("{}/telegram/{}/webhook", app.api().base_url(), seed::BOT_ID);
    assert_eq!(first.json["webhook"], json!({"url": url, "set": true}));

    let again = app.post("/v1/bots", &body).await;
    assert_eq!(again.status, 200, "{}", again.text);
    assert!(!app.get("/v1/bots").await.text.contains(seed::BOT_TOKEN));
}

#[tokio::test]
async fn a_token_that_telegram_does_not_know_is_refused() {
    let app = App::start().await;
    let position = app.position().await;

    let body = json!({"agent_key": seed::AGENT, "token": "7000000009:AAunknown_unknown_unknown_unknown_99"});
    let answer = app.post("/v1/bots", &body).await;

    assert!((400..500).contains(&answer.status), "{}", answer.text);
    assert_eq!(answer.json["field"], "token", "{}", answer.text);
    assert_eq!(app.position().await, position);
}

#[tokio::test]
async fn an_api_key_works_within_its_scopes_until_it_is_revoked() {
    let app = App::start().await;
    let made = app.post("/v1/api-keys", &json!({"name": "shop", "scopes": ["messages"]})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let shop = app.api().with_key(made.json["key"].as_str().expect("the key"));
    let message = json!({
        "conversation_id": "c", "agent_key": seed::AGENT, "provider": "app", "provider_user_id": "u", "text": "hi",
    });

    let sent = shop.post("/v1/messages", &message).await.expect("clawstead answers");
    assert_eq!(sent.status, 201, "{}", sent.text);
    let forbidden = shop.get("/v1/events").await.expect("clawstead answers");
    assert_problem(&forbidden, 403, "forbidden", None);

    let key_id = made.json["key_id"].as_str().expect("its id");
    assert_eq!(app.delete(&format!("/v1/api-keys/{key_id}")).await.status, 204);
    let revoked = shop.post("/v1/messages", &message).await.expect("clawstead answers");
    assert_problem(&revoked, 401, "unauthenticated", None);
}
