//! The function-call protocol of existing clients, for the functions that exist so far.

use clawstead_tests::{App, FunctionKind, assert_problem, function_error, function_value, seed};
use reqwest::Method;
use serde_json::{Value, json};

use FunctionKind::{Action, Mutation, Query};

fn message(text: &str) -> Value {
    json!({
        "conversationId": "chat", "agentKey": seed::AGENT, "provider": "telegram", "providerUserId": "5551234001",
        "messageText": text, "externalMessageId": "41", "metadata": {"telegramChatId": "5551234001"},
    })
}

#[tokio::test]
async fn a_consumer_app_enqueues_and_counts() {
    let app = App::start().await;

    let message_id = function_value(&app.call(Mutation, "enqueue", &message("hello")).await);

    assert!(message_id.is_string(), "{message_id}");
    let stats = function_value(&app.call(Query, "queueStats", &json!({})).await);
    assert_eq!(stats, json!({"queuedReady": 1, "processing": 0, "deadLetter": 0}));
}

#[tokio::test]
async fn a_worker_does_a_whole_job() {
    let app = App::builder().paired().start().await;
    let worker = app.worker().await;
    app.write(seed::USER_ID, "hello").await;

    let control = function_value(&worker.call(Query, "workerControlState", &json!({"workerId": worker.id})).await);
    assert_eq!(control, json!({"shouldStop": false}));

    let job = worker.claim().await;
    assert_eq!(job["agentKey"], seed::AGENT);
    assert!(job["leaseExpiresAt"].is_i64() && job["leaseId"].is_string(), "{job}");
    assert_eq!(job["payload"]["messageText"], "hello");
    assert_eq!(job["payload"]["provider"], "telegram");
    assert_eq!(job["payload"]["providerUserId"], seed::USER_ID.to_string());
    assert_eq!(job["payload"]["metadata"]["telegramChatId"], seed::USER_ID.to_string());
    assert!(!job["messageId"].as_str().expect("an id").contains('/'));

    let bundle = function_value(&worker.hydrate(&job).await);
    assert_eq!(bundle["telegramBotToken"], seed::BOT_TOKEN);
    assert_eq!(bundle["conversationState"]["contextHistory"], json!([]));
    assert_eq!(bundle["messageId"], job["messageId"]);

    assert_eq!(function_value(&worker.heartbeat(&job).await), true);
    let appended = function_value(&worker.append(&job, "an answer").await);
    assert_eq!(appended, json!({"updated": true, "messageCount": 2}));
    assert_eq!(function_value(&worker.complete(&job).await), true);

    let stats = function_value(&app.call(Query, "workerStats", &json!({})).await);
    assert_eq!((&stats["activeCount"], &stats["idleCount"]), (&json!(0), &json!(1)), "{stats}");
    assert_eq!(stats["workers"][0]["workerId"], worker.id.as_str());
}

#[tokio::test]
async fn the_next_message_brings_what_was_said_before() {
    let app = App::builder().paired().start().await;
    let worker = app.worker().await;
    for text in ["first", "second"] {
        app.write(seed::USER_ID, text).await;
    }
    let first = worker.claim().await;
    function_value(&worker.append(&first, "an answer").await);
    function_value(&worker.complete(&first).await);

    let second = worker.claim().await;

    let history = function_value(&worker.hydrate(&second).await)["conversationState"]["contextHistory"].clone();
    let said: Vec<_> = history.as_array().expect("turns").iter().map(|turn| (&turn["role"], &turn["content"])).collect();
    assert_eq!(said, [(&json!("user"), &json!("first")), (&json!("assistant"), &json!("an answer"))]);
}

#[tokio::test]
async fn queued_work_of_a_conversation_is_visible_to_its_worker() {
    let app = App::start().await;
    let worker = app.worker().await;
    app.enqueue("chat", "first").await;
    app.enqueue("chat", "second").await;
    let has_queued = async || {
        let arguments = json!({"conversationId": "chat"});
        function_value(&worker.call(Query, "workerConversationHasQueued", &arguments).await)
    };

    for _ in 0..2 {
        assert_eq!(has_queued().await, true);
        let job = worker.claim().await;
        function_value(&worker.complete(&job).await);
    }
    assert_eq!(has_queued().await, false);
}

#[tokio::test]
async fn x1_w26_whoever_sends_a_message_does_not_choose_where_machines_are_made() {
    let app = App::start().await;
    let before = app.get("/v1/config/provider").await.json;
    let mut arguments = message("hello");
    arguments["providerConfig"] = json!({"kind": "fly", "appName": "mallory", "image": "evil"});

    function_value(&app.call(Mutation, "enqueue", &arguments).await);

    assert_eq!(app.get("/v1/config/provider").await.json, before);
}

#[tokio::test]
async fn a_failed_job_says_when_it_is_tried_again() {
    let app = App::start().await;
    let worker = app.worker().await;
    app.enqueue("chat", "hello").await;
    let job = worker.claim().await;

    let failed = function_value(&worker.fail(&job, "the gateway is not ready").await);

    assert_eq!((&failed["requeued"], &failed["deadLettered"]), (&json!(true), &json!(false)), "{failed}");
    assert!(failed["nextScheduledFor"].is_i64(), "{failed}");
}

#[tokio::test]
async fn arguments_may_be_a_list_of_one_and_the_format_may_be_left_out() {
    let app = App::start().await;
    for body in [
        json!({"path": "example:queueStats", "args": {}}),
        json!({"path": "example:queueStats", "args": [{}], "format": "json"}),
        json!({"path": "example:queueStats", "args": [{}], "format": "convex_encoded_json"}),
    ] {
        let request = app.api().request(Method::POST, "/api/query").header("Convex-Client", "npm-1.31.0").json(&body);
        function_value(&app.api().send(request).await.expect("clawstead answers"));
    }
}

#[tokio::test]
async fn what_writes_is_no_query() {
    let app = App::start().await;
    let position = app.position().await;

    function_error(&app.call(Query, "enqueue", &message("hello")).await);

    assert_eq!(app.position().await, position);
    function_error(&app.call(Action, "queueStats", &json!({})).await);
}

#[tokio::test]
async fn arguments_are_checked_by_name_and_nothing_is_written() {
    let app = App::start().await;
    let position = app.position().await;
    let with = |name: &str, value: Value| {
        let mut arguments = message("hello");
        arguments[name] = value;
        arguments
    };
    let without = |name: &str| {
        let mut arguments = message("hello");
        arguments.as_object_mut().expect("an object").remove(name);
        arguments
    };

    for (arguments, named) in [
        (with("nowMs", json!(1)), "nowMs"),
        (with("priority", json!("high")), "priority"),
        (with("messageText", json!(5)), "messageText"),
        (with("providerUserId", json!("   ")), "providerUserId"),
        (with("priority", json!({"$integer": "AQAAAAAAAAA="})), "priority"),
        (without("agentKey"), "agentKey"),
        (without("messageText"), "messageText"),
    ] {
        let error = function_error(&app.call(Mutation, "enqueue", &arguments).await);
        assert!(error.contains(named), "{named}: {error}");
    }
    for (kind, name) in [(Mutation, "enqueueAll"), (Query, "")] {
        function_error(&app.call(kind, name, &json!({})).await);
    }

    assert_eq!(app.position().await, position);
}

#[tokio::test]
async fn on_a_workers_address_only_worker_functions_exist() {
    let app = App::start().await;
    let worker = app.worker().await;

    function_error(&worker.call(Mutation, "enqueue", &message("hello")).await);
    function_error(&app.call(Mutation, "workerClaim", &json!({"workerId": worker.id})).await);

    assert_eq!(app.events("MessageEnqueued").await.len(), 0);
}

#[tokio::test]
async fn callers_without_a_key_get_no_function() {
    let app = App::start().await;
    let body = json!({"path": "agentFactory:queueStats", "args": {}});

    for api in [app.api().anonymous(), app.api().with_key("guess")] {
        let answer = api.post("/api/query", &body).await.expect("clawstead answers");
        assert_eq!(answer.status, 401, "{}", answer.text);
    }
    let answer = app.api().anonymous().post("/worker/guess/api/query", &body).await.expect("clawstead answers");
    assert_eq!(answer.status, 401, "{}", answer.text);
}

#[tokio::test]
async fn a_body_that_is_no_call_is_transport_trouble() {
    let app = App::start().await;
    let request = app.api().request(Method::POST, "/api/query").header("content-type", "application/json").body("{");
    let malformed = app.api().send(request).await.expect("clawstead answers");
    assert_problem(&malformed, 400, "malformed_json", None);

    let nameless = app.post("/api/query", &json!({"args": {}})).await;
    assert_problem(&nameless, 400, "missing_field", Some("path"));
}
