//! A consumer app onboards a user: by REST, and by the functions of existing clients.

use clawstead_tests::{Api, App, FunctionKind, assert_problem, function_error, function_value, seed};
use serde_json::{Value, json};

use FunctionKind::{Action, Mutation, Query};

const AGENT: &str = "shop-agent";

/// A key of a consumer app that acts for one agent.
async fn key(app: &App, body: &Value) -> Api {
    let made = app.post("/v1/api-keys", body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    app.api().with_key(made.json["key"].as_str().expect("the key"))
}

async fn next_action(api: &Api) -> Value {
    let path = format!("/v1/users/ada/agents/{AGENT}/onboarding");
    api.get(&path).await.expect("clawstead answers").success().expect("it says")["next_action"].clone()
}

#[tokio::test]
async fn a_user_is_onboarded_by_rest() {
    let app = App::builder().start().await;
    app.telegram().add_bot(seed::bot());
    app.put(&format!("/v1/agents/{AGENT}"), &json!({})).await.success().expect("it is made");
    let scopes = json!(["agents", "pairing", "messages"]);
    let shop = key(&app, &json!({"name": "shop", "scopes": scopes, "agents": [AGENT]})).await;
    assert_eq!(next_action(&shop).await, "import_token");

    let bot = shop.put(&format!("/v1/agents/{AGENT}/bot"), &json!({"token": seed::BOT_TOKEN})).await.expect("an answer");
    assert_eq!((bot.status, &bot.json["username"]), (201, &json!("helper_bot")), "{}", bot.text);
    assert_eq!(next_action(&shop).await, "configure_webhook");
    let path = format!("/v1/agents/{AGENT}/bot/webhook");
    shop.post(&path, &json!({})).await.expect("an answer").success().expect("it is set");
    assert_eq!(shop.get(&path).await.expect("an answer").json["ready"], true);
    assert_eq!(next_action(&shop).await, "create_pairing");

    let pairing = shop.post("/v1/pairings", &json!({"consumer_user_id": "ada", "agent_key": AGENT})).await.expect("an answer");
    assert_eq!(next_action(&shop).await, "complete_pairing");
    let code = pairing.json["code"].as_str().expect("a code");
    assert_eq!(pairing.json["deep_link"], format!("https://t.me/helper_bot?start={code}"));
    app.write(seed::USER_ID, &format!("/start {code}")).await;
    assert_eq!(next_action(&shop).await, "ready");

    app.write(seed::USER_ID, "hello").await;
    let binding = &shop.get("/v1/bindings?consumer_user_id=ada").await.expect("an answer").json["bindings"][0];
    let conversation = binding["conversation_id"].as_str().expect("a conversation");
    let messages = shop.get(&format!("/v1/conversations/{conversation}/messages")).await.expect("an answer");
    assert_eq!(messages.json["messages"][0]["text"], "hello", "{}", messages.text);
    assert!(!app.get("/v1/events?limit=1000").await.text.contains(seed::BOT_TOKEN));
}

#[tokio::test]
async fn a_user_is_onboarded_by_functions() {
    let app = App::builder().start().await;
    app.telegram().add_bot(seed::bot());
    assert_eq!(function_value(&app.call(Mutation, "seedDefaultAgent", &json!({})).await), "default");
    let pair = json!({"consumerUserId": "ada", "agentKey": "default"});
    let state = async || function_value(&app.call(Query, "getUserAgentOnboardingState", &pair).await);
    assert_eq!(state().await["nextAction"], "import_token");

    let import = json!({"consumerUserId": "ada", "agentKey": "default", "plaintextValue": format!(" {} ", seed::BOT_TOKEN)});
    let imported = function_value(&app.call(Action, "importTelegramTokenForAgent", &import).await);
    assert_eq!(imported["botIdentity"], seed::BOT_ID.to_string());
    assert_eq!((&imported["telegramUsername"], &imported["version"]), (&json!("helper_bot"), &json!(1)));
    assert_eq!(state().await["nextAction"], "configure_webhook");

    let site = json!({"convexSiteUrl": "https://shop.convex.site/", "agentKey": "default"});
    let webhook = function_value(&app.call(Action, "configureTelegramWebhook", &site).await);
    assert_eq!((&webhook["isReady"], &webhook["currentUrl"]), (&json!(true), &webhook["webhookUrl"]), "{webhook}");
    assert!(webhook["webhookUrl"].as_str().expect("a URL").starts_with(app.api().base_url()));
    let ready = function_value(&app.call(Action, "getWebhookReadiness", &json!({"agentKey": "default"})).await);
    assert_eq!(ready["webhookReady"], true);
    assert_eq!(state().await["nextAction"], "create_pairing");

    let made = function_value(&app.call(Mutation, "createUserAgentPairing", &pair).await);
    let code = made["pairing"]["code"].as_str().expect("a code");
    assert_eq!(made["deepLink"], format!("https://t.me/helper_bot?start={code}"));
    assert_eq!((&state().await["nextAction"], &state().await["pairingCode"]), (&json!("complete_pairing"), &json!(code)));
    app.write(seed::USER_ID, &format!("/start {code}")).await;
    assert_eq!(state().await["nextAction"], "ready");
    let status = function_value(&app.call(Query, "getPairingCodeStatus", &json!({"code": code})).await);
    assert_eq!((&status["status"], &status["telegramUserId"]), (&json!("used"), &json!(seed::USER_ID.to_string())));

    let overview = function_value(&app.call(Query, "getUserAgentsOverview", &json!({"consumerUserId": "ada"})).await);
    assert_eq!((&overview["activeAgentKey"], &overview["canCreateNewAgent"]), (&json!("default"), &json!(false)));
    let agent = &overview["agents"][0];
    assert_eq!(
        (&agent["status"], &agent["canChat"], &agent["telegramUsername"]),
        (&json!("active"), &json!(true), &json!("helper_bot"))
    );
    let account = json!({"botIdentity": seed::BOT_ID.to_string(), "telegramUserId": seed::USER_ID.to_string()});
    let resolved = function_value(&app.call(Query, "resolveAgentForTelegram", &account).await);
    assert_eq!((&resolved["consumerUserId"], &resolved["conversationId"]), (&json!("ada"), &agent["conversationId"]));
    assert_eq!(function_value(&app.call(Query, "myAgentKey", &json!({"consumerUserId": "ada"})).await)["agentKey"], "default");

    app.write(seed::USER_ID, "hello").await;
    let items = function_value(&app.call(Query, "listQueueItemsForUserAgent", &pair).await);
    assert_eq!(items[0]["payload"]["messageText"], "hello");
    let revoked = function_value(&app.call(Mutation, "revokeUserAgentBinding", &json!({"consumerUserId": "ada"})).await);
    assert_eq!(revoked, json!({"revoked": 1}));
    assert_eq!(function_value(&app.call(Query, "getUserAgentBinding", &json!({"consumerUserId": "ada"})).await), Value::Null);
    assert_eq!(function_value(&app.call(Query, "getActiveUserAgent", &json!({"consumerUserId": "ada"})).await), Value::Null);
}

#[tokio::test]
async fn secrets_are_imported_and_never_shown() {
    let app = App::builder().agent().start().await;
    let import = json!({"secretRef": "agent-bridge.serviceKey", "plaintextValue": "hunter2-𝕏"});
    let first = function_value(&app.call(Mutation, "importSecret", &import).await);
    assert_eq!((&first["secretRef"], &first["version"]), (&import["secretRef"], &json!(1)));
    assert_eq!(function_value(&app.call(Mutation, "importSecret", &import).await)["version"], 2);
    let refs = json!({"secretRefs": ["nothing", "agent-bridge.serviceKey"]});
    let status = function_value(&app.call(Query, "secretStatus", &refs).await);
    assert_eq!(status[0], json!({"secretRef": "nothing", "hasActive": false, "version": null}));
    assert_eq!(status[1], json!({"secretRef": "agent-bridge.serviceKey", "hasActive": true, "version": 2}));

    let listed = app.get("/v1/secrets").await;
    assert_eq!(listed.json["secrets"][0]["secret_ref"], "agent-bridge.serviceKey", "{}", listed.text);
    let resealed = app.post("/v1/secrets/reseal", &json!({})).await;
    assert_eq!((resealed.status, &resealed.json["next_after"]), (200, &Value::Null), "{}", resealed.text);
    assert_eq!(app.delete("/v1/secrets/agent-bridge.serviceKey").await.status, 204);
    assert_eq!(app.get("/v1/secrets/agent-bridge.serviceKey").await.json["has_active"], false);
    for text in [listed.text, app.get("/v1/events?limit=1000").await.text] {
        assert!(!text.contains("hunter2"));
    }
}

/// W08, W09, W12, W24, W29, C18: a key acts for its own agents and users, whatever the protocol and whatever it names.
#[tokio::test]
async fn w09_w12_w29_a_key_acts_for_its_own_users_and_nobody_elses() {
    let app = App::builder().paired().start().await;
    app.write(seed::USER_ID, "private").await;
    let of_ada = app.get("/v1/bindings?consumer_user_id=ada").await.json["bindings"][0].clone();
    let scopes = json!(["agents", "pairing", "messages", "stats"]);
    let mallory = key(&app, &json!({"name": "mallory", "scopes": scopes, "users": ["mallory"]})).await;
    let conversation = of_ada["conversation_id"].as_str().expect("a conversation");
    let binding = of_ada["binding_id"].as_str().expect("a binding");
    let message = app.events("MessageEnqueued").await[0]["data"]["message_id"].as_str().expect("a message").to_owned();
    let position = app.position().await;

    for path in [
        "/v1/bindings?consumer_user_id=ada".to_owned(),
        format!("/v1/bindings/{binding}"),
        "/v1/pairings?consumer_user_id=ada".to_owned(),
        "/v1/users/ada/agents".to_owned(),
        format!("/v1/users/ada/agents/{}", seed::AGENT),
        format!("/v1/conversations/{conversation}"),
        format!("/v1/conversations/{conversation}/messages"),
        format!("/v1/conversations/{conversation}/turns"),
        format!("/v1/messages/{message}"),
        "/v1/queue/stats".to_owned(),
        "/v1/events".to_owned(),
        "/v1/secrets".to_owned(),
    ] {
        println!("{path}");
        assert_problem(&mallory.get(&path).await.expect("clawstead answers"), 403, "forbidden", None);
    }
    let message_to_ada = json!({
        "conversation_id": conversation, "agent_key": seed::AGENT, "provider": "app", "provider_user_id": "mallory", "text": "hi",
    });
    let claims = json!({"consumer_user_id": "mallory", "agent_key": seed::AGENT, "telegram_user_id": "5551234077"});
    for (path, body) in [
        ("/v1/messages".to_owned(), message_to_ada),
        ("/v1/pairings".to_owned(), json!({"consumer_user_id": "ada", "agent_key": seed::AGENT})),
        ("/v1/bindings".to_owned(), claims),
        ("/v1/bots".to_owned(), json!({"agent_key": seed::AGENT, "token": "7000000009:AAx"})),
        (format!("/v1/messages/{message}/cancel"), json!({})),
        (format!("/v1/agents/{}/disable", seed::AGENT), json!({})),
        ("/v1/pairings/consume".to_owned(), json!({"code": "x", "bot_id": "1", "telegram_user_id": "2"})),
    ] {
        println!("{path}");
        assert_problem(&mallory.post(&path, &body).await.expect("clawstead answers"), 403, "forbidden", None);
    }
    for (kind, name, args) in [
        ("query", "getUserAgentBinding", json!({"consumerUserId": "ada"})),
        ("query", "getUserAgentsOverview", json!({"consumerUserId": "ada"})),
        ("query", "listQueueItemsForConversation", json!({"conversationId": conversation})),
        ("query", "getConversationViewForUserAgent", json!({"consumerUserId": "ada", "agentKey": seed::AGENT})),
        ("mutation", "createPairingCode", json!({"consumerUserId": "ada", "agentKey": seed::AGENT})),
        ("mutation", "revokeUserAgentBinding", json!({"consumerUserId": "ada"})),
        ("mutation", "importSecret", json!({"secretRef": "x", "plaintextValue": "y"})),
        ("mutation", "seedDefaultAgent", json!({})),
    ] {
        println!("{name}");
        let call = json!({"path": format!("agentFactory:{name}"), "args": args, "format": "json"});
        let answer = mallory.post(&format!("/api/{kind}"), &call).await.expect("clawstead answers");
        assert!(function_error(&answer).starts_with("forbidden"), "{}", answer.text);
    }
    assert_eq!(app.position().await, position);

    let own = mallory.post("/v1/pairings", &json!({"consumer_user_id": "mallory", "agent_key": seed::AGENT})).await;
    assert_eq!(own.expect("clawstead answers").status, 201);
    let call = json!({"path": "x:myAgentKey", "args": {}, "format": "json"});
    let mine = mallory.post("/api/query", &call).await.expect("clawstead answers");
    assert_eq!(function_value(&mine), json!({"consumerUserId": "mallory", "agentKey": null}));
}

/// W39: nobody asks without end.
#[tokio::test]
async fn w39_a_key_that_asks_too_much_is_told_when_to_come_back() {
    let app = App::builder().agent().config("limits", json!({"key_requests_max": 3})).start().await;
    let shop = key(&app, &json!({"name": "shop", "scopes": ["stats"]})).await;
    let mut last = None;
    for _ in 0..6 {
        last = Some(shop.get("/v1/queue/stats").await.expect("clawstead answers"));
    }
    assert_problem(&last.expect("six answers"), 429, "rate_limited", None);
    let keys = app.get("/v1/api-keys").await;
    assert!(keys.json["api_keys"][0]["last_used_at"].is_i64(), "{}", keys.text);
}

#[tokio::test]
async fn failed_authentications_are_counted() {
    let app = App::start().await;
    app.api().with_key("guess").get("/v1/agents").await.expect("clawstead answers");
    app.api().anonymous().get("/worker/guess/v1/control").await.expect("clawstead answers");
    let failed = app.get("/v1/stats").await.json["failed_authentications"].clone();
    assert!(failed["key"].as_i64() >= Some(1) && failed["worker"].as_i64() >= Some(1), "{failed}");
}

#[tokio::test]
async fn a_replaced_bot_is_cleared_away_by_the_tick() {
    let app = App::builder().paired().start().await;
    let second = clawstead_tests::emulators::telegram::Bot {
        id: 7_000_000_002,
        token: "7000000002:AAsecond_second_second_second_second_22".to_owned(),
        username: "second_bot".to_owned(),
        ..seed::bot()
    };
    app.telegram().add_bot(second.clone());
    app.post("/v1/bots", &json!({"agent_key": seed::AGENT, "token": second.token})).await.success().expect("it is linked");
    app.tick().await;
    assert_eq!(app.events("BotRetired").await[0]["data"]["webhook_removed"], true);
    assert_eq!(app.events("BindingRevoked").await.len(), 1);
}

#[tokio::test]
async fn a_bot_is_taken_from_its_agent_by_rest_and_nothing_is_left_of_it() {
    let app = App::builder().paired().start().await;
    app.write(seed::USER_ID, "somebody must not be answered").await;
    let path = format!("/v1/agents/{}/bot", seed::AGENT);
    let other = key(&app, &json!({"name": "other", "scopes": ["agents"], "agents": ["another"]})).await;
    assert_problem(&other.delete(&path).await.expect("clawstead answers"), 403, "forbidden", None);
    let own = key(&app, &json!({"name": "own", "scopes": ["agents", "events"], "agents": [seed::AGENT]})).await;

    assert_eq!(own.delete(&path).await.expect("clawstead answers").status, 204);

    assert_problem(&own.delete(&path).await.expect("clawstead answers"), 409, "bot_missing", None);
    assert!(app.telegram().webhook_secret(seed::BOT_ID).is_some(), "its webhook goes with the tick");
    app.tick().await;
    app.tick().await;
    assert_eq!(app.events("BotRetired").await[0]["data"]["webhook_removed"], true);
    assert!(app.telegram().webhook_secret(seed::BOT_ID).is_none());
    assert_eq!((app.events("BindingSettled").await.len(), app.events("MessageCancelled").await.len()), (1, 1));
    let secrets = app.get("/v1/secrets").await.json["secrets"].as_array().cloned().unwrap_or_default();
    assert!(secrets.iter().all(|secret| secret["has_active"] != true), "{secrets:?}");
    let followed = own.get("/v1/events?limit=1000").await.expect("clawstead answers").json["events"].clone();
    let types: Vec<&str> = followed.as_array().expect("events").iter().filter_map(|event| event["type"].as_str()).collect();
    assert!(types.contains(&"BotUnlinked") && types.contains(&"BotRetired"), "{types:?}");
}
