//! What operators and consumer apps do with messages: cancel, reschedule, dead letters, lists, idempotency.

use clawstead_tests::{App, FunctionKind, assert_problem, eventually, function_error, function_value, seed};
use reqwest::Method;
use serde_json::{Value, json};

use FunctionKind::{Mutation, Query};

fn body(text: &str) -> Value {
    json!({"conversation_id": "chat", "agent_key": seed::AGENT, "provider": "app", "provider_user_id": "ada", "text": text})
}

async fn with_key(app: &App, key: &str, body: &Value) -> clawstead_tests::Answer {
    let request = app.api().request(Method::POST, "/v1/messages").header("idempotency-key", key).json(body);
    app.api().send(request).await.expect("clawstead answers")
}

#[tokio::test]
async fn an_idempotency_key_is_for_one_request() {
    let app = App::start().await;
    let first = with_key(&app, "k", &body("hi")).await;
    assert_eq!(first.status, 201, "{}", first.text);

    let again = with_key(&app, "k", &body("hi")).await;
    assert_eq!((again.status, &again.json), (200, &first.json));

    let position = app.position().await;
    assert_problem(&with_key(&app, "k", &body("something else")).await, 409, "idempotency_key_reused", None);
    assert_eq!(app.position().await, position);
}

#[tokio::test]
async fn a_full_conversation_says_so() {
    let app = App::builder().agent().config("queue", json!({"conversation_messages_max": 1})).start().await;
    app.enqueue("chat", "one").await;
    assert_problem(&app.post("/v1/messages", &body("two")).await, 429, "conversation_full", None);

    app.put("/v1/config/queue", &json!({"conversation_messages_max": 2})).await.success().expect("it is taken");

    app.enqueue("chat", "two").await;
}

#[tokio::test]
async fn a_message_in_flight_is_cancelled_and_its_holder_refused() {
    let app = App::start().await;
    let worker = app.worker().await;
    let message_id = app.enqueue("chat", "never mind").await;
    let job = worker.claim().await;

    let cancelled = app.post(&format!("/v1/messages/{message_id}/cancel"), &json!({})).await.success().expect("it is withdrawn");

    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(function_value(&worker.heartbeat(&job).await), false);
    assert!(function_error(&worker.hydrate(&job).await).contains("message_already_ended"));
    let lease = json!({"message_id": message_id, "lease_id": job["leaseId"]});
    let refused = worker.api.post("/v1/complete", &lease).await.expect("clawstead answers");
    assert_problem(&refused, 409, "message_already_ended", None);
    app.enqueue("chat", "next").await;
    assert_eq!(worker.claim().await["payload"]["messageText"], "next");
}

#[tokio::test]
async fn a_message_is_rescheduled() {
    let app = App::start().await;
    let worker = app.worker().await;
    let message_id = app.enqueue("chat", "later").await;
    let path = format!("/v1/messages/{message_id}/reschedule");

    let moved = app.post(&path, &json!({"scheduled_for": 4_102_444_800_000_i64})).await;
    assert_problem(&moved, 400, "invalid_field", Some("scheduled_for"));
    let now = app.message(&message_id).await["ready_at"].as_i64().expect("an instant");
    app.post(&path, &json!({"scheduled_for": now + 600_000})).await.success().expect("it is moved");

    assert!(worker.claim().await.is_null());
    assert_eq!(app.get("/v1/conversations/chat").await.json["next_waits_for"], "time");
    app.post(&path, &json!({"scheduled_for": 0})).await.success().expect("the past means now");
    assert_eq!(worker.claim().await["messageId"], message_id.as_str());
}

#[tokio::test]
async fn dead_letters_are_listed_replayed_and_put_away() {
    let app = App::builder().bot().config("retry", json!({"max_attempts": 1})).start().await;
    let worker = app.worker().await;
    let mut ids = Vec::new();
    for number in 0..3 {
        ids.push(app.enqueue(&format!("chat-{number}"), "impossible").await);
        let job = eventually("the job", || async { Some(worker.claim().await).filter(|job| !job.is_null()) }).await;
        worker.fail(&job, "it broke").await;
    }
    let listed = async |query: &str| -> Vec<Value> {
        let page = app.get(&format!("/v1/dead-letters{query}")).await.success().expect("a page");
        page["messages"].as_array().expect("messages").iter().map(|message| message["message_id"].clone()).collect()
    };
    assert_eq!(listed("").await, ids);
    assert_eq!(listed(&format!("?agent_key={}&limit=1&after={}", seed::AGENT, ids[0])).await, [ids[1].as_str()]);
    assert_eq!(listed("?agent_key=helper").await, Vec::<Value>::new());

    let replayed = app.post(&format!("/v1/messages/{}/replay", ids[0]), &json!({})).await.success().expect("it is accepted anew");
    assert_eq!((&replayed["status"], &replayed["attempts"]), (&json!("queued"), &json!(0)));
    let again = app.post(&format!("/v1/messages/{}/replay", ids[0]), &json!({})).await;
    assert_problem(&again, 409, "not_a_dead_letter", None);
    app.post(&format!("/v1/messages/{}/discard", ids[1]), &json!({})).await.success().expect("it is put away");
    let many = app.post("/v1/dead-letters/replay", &json!({"agent_key": seed::AGENT})).await.success().expect("the rest");
    assert_eq!(many, json!({"message_ids": [ids[2]], "refused": []}));
    assert_eq!(listed("").await, Vec::<Value>::new());
    let stats = app.get("/v1/queue/stats").await.json;
    assert_eq!(
        (&stats["queued_ready"], &stats["dead_letter"], &stats["discarded"]),
        (&json!(2), &json!(0), &json!(1)),
        "{stats}"
    );
}

#[tokio::test]
async fn a_consumer_app_cancels_but_does_not_see_dead_letters() {
    let app = App::start().await;
    let made = app.post("/v1/api-keys", &json!({"name": "shop", "scopes": ["messages"]})).await;
    let shop = app.api().with_key(made.json["key"].as_str().expect("the key"));
    let message_id = app.enqueue("chat", "hi").await;

    let cancelled = shop.post(&format!("/v1/messages/{message_id}/cancel"), &json!({})).await.expect("clawstead answers");
    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    assert_problem(&shop.get("/v1/dead-letters").await.expect("clawstead answers"), 403, "forbidden", None);
    let replay = shop.post(&format!("/v1/messages/{message_id}/replay"), &json!({})).await.expect("clawstead answers");
    assert_problem(&replay, 403, "forbidden", None);
}

#[tokio::test]
async fn items_of_a_conversation_are_paged_and_filtered_before_the_limit() {
    let app = App::start().await;
    let first = app.enqueue("chat", "first").await;
    for number in 0..4 {
        app.enqueue("chat", &number.to_string()).await;
    }
    app.post(&format!("/v1/messages/{first}/cancel"), &json!({})).await.success().expect("it is withdrawn");
    let page = async |query: &str| app.get(&format!("/v1/conversations/chat/messages{query}")).await.success().expect("a page");

    let cancelled = page("?status=cancelled&limit=1").await;
    assert_eq!(cancelled["messages"][0]["message_id"], first.as_str());
    let queued = page("?status=queued&limit=3").await;
    let rest = page(&format!("?status=queued&after={}", queued["next_after"])).await;
    let texts: Vec<&Value> =
        [&queued, &rest].iter().flat_map(|page| page["messages"].as_array().expect("a list")).map(|m| &m["text"]).collect();
    assert_eq!(texts, ["0", "1", "2", "3"]);
    assert_problem(&app.get("/v1/conversations/chat/messages?status=lost").await, 400, "invalid_field", Some("status"));
    assert_problem(&app.get("/v1/conversations/nothing/messages").await, 404, "conversation_not_found", None);
}

#[tokio::test]
async fn existing_clients_list_items_and_see_the_conversation_of_a_user() {
    let app = App::builder().paired().start().await;
    let user = json!({"consumerUserId": seed::CONSUMER_USER_ID, "agentKey": seed::AGENT});
    let send = json!({"consumerUserId": seed::CONSUMER_USER_ID, "agentKey": seed::AGENT, "content": "from the app"});
    app.write(seed::USER_ID, "from Telegram").await;
    let message_id = function_value(&app.call(Mutation, "sendMessageToUserAgent", &send).await);

    let view = function_value(&app.call(Query, "getConversationViewForUserAgent", &user).await);

    assert_eq!((&view["latestMessageId"], &view["hasQueuedJobs"]), (&message_id, &json!(true)), "{view}");
    let items = function_value(&app.call(Query, "listQueueItemsForUserAgent", &user).await);
    assert_eq!(items, view["queueItems"]);
    assert_eq!(items[0]["payload"]["metadata"]["source"], "user_agent_api");
    assert_eq!(
        (&items[0]["payload"]["provider"], &items[1]["payload"]["messageText"]),
        (&json!("telegram"), &json!("from Telegram"))
    );
    let conversation = json!({"conversationId": view["conversationId"], "limit": 1});
    let newest = function_value(&app.call(Query, "listQueueItemsForConversation", &conversation).await);
    assert_eq!(newest, json!([items[0]]));
    let stranger = json!({"consumerUserId": "eve", "agentKey": seed::AGENT});
    assert!(function_error(&app.call(Query, "getConversationViewForUserAgent", &stranger).await).contains("no_active_binding"));
}

#[tokio::test]
async fn the_system_prompt_goes_along_and_stays_out_of_what_was_written() {
    let app = App::builder().paired().start().await;
    let worker = app.worker().await;
    assert_eq!(function_value(&app.call(Query, "getMessageRuntimeConfig", &json!({})).await), Value::Null);
    let config = json!({"messageConfig": {"systemPrompt": "  Be brief. "}});
    app.write(seed::USER_ID, "hello").await;

    function_value(&app.call(Mutation, "setMessageRuntimeConfig", &config).await);

    let stored = function_value(&app.call(Query, "getMessageRuntimeConfig", &json!({})).await);
    assert_eq!(stored, json!({"systemPrompt": "Be brief."}));
    let job = worker.claim().await;
    assert_eq!(job["payload"]["messageText"], "hello");
    let bundle = function_value(&worker.hydrate(&job).await);
    let history = &bundle["conversationState"]["contextHistory"];
    assert_eq!((&history[0]["role"], &history[0]["content"]), (&json!("system"), &json!("Be brief.")), "{history}");
    let path = format!("/v1/messages/{}", job["messageId"].as_str().expect("an id"));
    let bundle = worker.api.get(&path).await.expect("clawstead answers").success().expect("the bundle");
    assert_eq!((&bundle["system_prompt"], &bundle["turns"]), (&json!("Be brief."), &json!([])));
}

#[tokio::test]
async fn a_bridge_is_handed_over_as_the_profile_says() {
    let app = App::builder().paired().start().await;
    let worker = app.worker().await;
    let bridge = json!({"bridge": {"enabled": true, "base_url": "https://app.test", "service_id": "s", "app_key": "shop"}});
    let agent = app.put(&format!("/v1/agents/{}", seed::AGENT), &bridge).await.success().expect("it is taken");
    assert_eq!(agent["bridge"]["base_url"], "https://app.test");
    app.write(seed::USER_ID, "hello").await;
    let job = worker.claim().await;

    let config = function_value(&worker.hydrate(&job).await)["bridgeRuntimeConfig"].clone();

    let expected = json!({
        "serviceKey": null, "serviceKeySecretRef": null, "baseUrl": "https://app.test", "appBaseUrlMapJson": null,
        "serviceId": "s", "appKey": "shop", "botIdentity": seed::BOT_ID.to_string(),
    });
    assert_eq!(config, expected);
}

#[tokio::test]
async fn a_job_that_an_existing_worker_could_only_fail_waits_for_one_that_can() {
    let app = App::builder().agent().start().await;
    let worker = app.worker().await;
    let message_id = app.enqueue("chat", "no bot here").await;

    assert!(worker.claim().await.is_null());
    assert_eq!(app.get("/v1/conversations/chat").await.json["next_waits_for"], "bot");

    let job = worker.api.post("/v1/claim", &json!({})).await.expect("clawstead answers").success().expect("a job");
    assert_eq!(job["message_id"], message_id.as_str());
}
