//! Bad input at every route: a problem response that names the field, and nothing written.

use clawstead_tests::{Answer, Api, App, TestWorker, assert_problem, seed};
use reqwest::Method;
use serde_json::{Value, json};

/// A route that takes JSON, and how its body can be wrong.
struct Route {
    method: Method,
    path: String,
    /// A body that would be taken.
    good: Value,
    /// A member that must be there.
    required: Option<&'static str>,
    /// A member, and a value of the wrong type for it.
    mistyped: (&'static str, Value),
}

fn route(method: Method, path: &str, good: Value, required: Option<&'static str>, mistyped: (&'static str, Value)) -> Route {
    Route { method, path: path.to_owned(), good, required, mistyped }
}

fn message() -> Value {
    json!({"conversation_id": "c", "agent_key": seed::AGENT, "provider": "app", "provider_user_id": "u", "text": "hi"})
}

fn operator_routes() -> Vec<Route> {
    let (put, post) = (Method::PUT, Method::POST);
    let bot = json!({"agent_key": seed::AGENT, "token": seed::BOT_TOKEN});
    let key = json!({"name": "shop", "scopes": ["messages"]});
    let pairing = json!({"consumer_user_id": "ada", "agent_key": seed::AGENT});
    let template = json!({"title": "Hello", "text": "hello", "tags": ["a"]});
    let push = json!({"template_key": "k", "title": "Hello", "text": "hello", "periodicity": "manual"});
    let job =
        json!({"consumer_user_id": "ada", "title": "Hello", "text": "hello", "timezone": "UTC", "schedule": {"kind": "manual"}});
    let news = json!({"title": "Hello", "text": "hello"});
    vec![
        route(post.clone(), "/v1/push-templates", push, Some("template_key"), ("periodicity", json!("hourly"))),
        route(Method::PATCH, "/v1/push-templates/t", json!({"enabled": false}), None, ("suggested_times", json!("noon"))),
        route(post.clone(), "/v1/push-jobs", job, Some("timezone"), ("schedule", json!({"kind": "daily", "time": "24:00"}))),
        route(Method::PATCH, "/v1/push-jobs/j", json!({"enabled": false}), None, ("schedule", json!(5))),
        route(post.clone(), "/v1/broadcasts", news, Some("text"), ("title", json!(5))),
        route(put.clone(), "/v1/agents/helper", json!({"enabled": true}), None, ("enabled", json!("yes"))),
        route(put.clone(), "/v1/config/queue", json!({}), None, ("default_priority", json!("high"))),
        route(put.clone(), "/v1/config/lease", json!({"lease_ms": 9000}), None, ("lease_ms", json!("long"))),
        route(put.clone(), "/v1/config/retry", json!({}), None, ("max_attempts", json!([]))),
        route(put.clone(), "/v1/config/scaling", json!({}), None, ("machines_max", json!(1.5))),
        route(put.clone(), "/v1/config/messages", json!({}), None, ("hydration_turns_max", json!("many"))),
        route(put.clone(), "/v1/config/telegram", json!({}), None, ("album_wait_ms", json!("long"))),
        route(put, "/v1/config/provider", json!({}), None, ("app_name", json!(5))),
        route(post.clone(), "/v1/bots", bot, Some("token"), ("token", json!(5))),
        route(post.clone(), "/v1/api-keys", key, Some("name"), ("scopes", json!("all"))),
        route(post.clone(), "/v1/templates", template, Some("title"), ("tags", json!("all"))),
        route(Method::PATCH, "/v1/templates/t", json!({"enabled": false}), None, ("enabled", json!("no"))),
        route(post.clone(), "/v1/users/ada/agents/default/messages", json!({"text": "hi"}), Some("text"), ("text", json!(5))),
        route(post.clone(), "/v1/workers", json!({"name": "mine"}), None, ("name", json!(5))),
        route(post.clone(), "/v1/pairings", pairing, Some("consumer_user_id"), ("ttl_ms", json!("long"))),
        route(
            post.clone(),
            "/v1/messages/m/reschedule",
            json!({"scheduled_for": 1}),
            Some("scheduled_for"),
            ("scheduled_for", json!("soon")),
        ),
        route(post.clone(), "/v1/dead-letters/replay", json!({}), None, ("limit", json!("all"))),
        route(post.clone(), "/v1/dead-letters/discard", json!({}), None, ("message_ids", json!("all"))),
        route(post, "/v1/messages", message(), Some("text"), ("priority", json!("high"))),
    ]
}

fn worker_routes(worker: &TestWorker) -> Vec<Route> {
    let lease = json!({"message_id": "m", "lease_id": "l"});
    let failed = json!({"message_id": "m", "lease_id": "l", "error": "it broke"});
    let replied = json!({"message_id": "m", "lease_id": "l", "text": "hello"});
    let path = |name: &str| format!("/worker/{}/v1/{name}", worker.token);
    vec![
        route(Method::POST, &path("claim"), json!({}), None, ("conversation_id", json!(5))),
        route(Method::POST, &path("heartbeat"), lease.clone(), Some("lease_id"), ("message_id", json!(5))),
        route(Method::POST, &path("replies"), replied, Some("lease_id"), ("text", json!(5))),
        route(Method::POST, &path("complete"), lease, Some("message_id"), ("lease_id", json!(5))),
        route(Method::POST, &path("fail"), failed, Some("lease_id"), ("error", json!(5))),
    ]
}

async fn raw(api: &Api, route: &Route, body: String) -> Answer {
    let request = api.request(route.method.clone(), &route.path).header("content-type", "application/json").body(body);
    api.send(request).await.unwrap_or_else(|error| panic!("{}: {error:#}", route.path))
}

/// Every route that takes JSON, with the client that may call it.
async fn all_routes(app: &App) -> Vec<(Api, Route)> {
    let worker = app.worker().await;
    // The first contact of a worker is an event of its own.
    worker.claim().await;
    let operator = operator_routes().into_iter().map(|route| (app.api().clone(), route));
    let workers = worker_routes(&worker).into_iter().map(|route| (app.api().anonymous(), route));
    operator.chain(workers).collect()
}

#[tokio::test]
async fn malformed_json_is_refused() {
    let app = App::start().await;
    let routes = all_routes(&app).await;
    let position = app.position().await;

    for (api, route) in &routes {
        for body in ["{", "[1", "nonsense"] {
            println!("{} {} {body}", route.method, route.path);
            assert_problem(&raw(api, route, body.to_owned()).await, 400, "malformed_json", None);
        }
    }

    assert_eq!(app.position().await, position);
}

#[tokio::test]
async fn w26_w30_unknown_fields_are_refused_by_name() {
    let app = App::start().await;
    let routes = all_routes(&app).await;
    let position = app.position().await;

    for (api, route) in &routes {
        let mut body = route.good.clone();
        body["now_ms"] = json!(1);
        println!("{} {}", route.method, route.path);
        assert_problem(&raw(api, route, body.to_string()).await, 400, "unknown_field", Some("now_ms"));
    }

    assert_eq!(app.position().await, position);
}

#[tokio::test]
async fn wrong_types_are_refused_by_name() {
    let app = App::start().await;
    let routes = all_routes(&app).await;
    let position = app.position().await;

    for (api, route) in &routes {
        let mut body = route.good.clone();
        body[route.mistyped.0] = route.mistyped.1.clone();
        println!("{} {} {body}", route.method, route.path);
        assert_problem(&raw(api, route, body.to_string()).await, 400, "invalid_field", Some(route.mistyped.0));
    }

    assert_eq!(app.position().await, position);
}

#[tokio::test]
async fn a_body_that_is_no_object_is_refused() {
    let app = App::start().await;
    let routes = all_routes(&app).await;
    let position = app.position().await;

    for (api, route) in &routes {
        for body in ["[]", "\"text\"", "5", "null"] {
            println!("{} {} {body}", route.method, route.path);
            let answer = raw(api, route, body.to_owned()).await;
            assert_eq!(answer.status, 400, "{}", answer.text);
            assert_eq!(answer.content_type, "application/problem+json");
        }
    }

    assert_eq!(app.position().await, position);
}

#[tokio::test]
async fn missing_fields_are_refused_by_name() {
    let app = App::start().await;
    let routes = all_routes(&app).await;
    let position = app.position().await;

    for (api, route) in &routes {
        let Some(required) = route.required else { continue };
        let mut body = route.good.clone();
        body.as_object_mut().expect("an object").remove(required);
        println!("{} {} {body}", route.method, route.path);
        assert_problem(&raw(api, route, body.to_string()).await, 400, "missing_field", Some(required));
    }

    assert_eq!(app.position().await, position);
}

#[tokio::test]
async fn bodies_without_end_are_refused() {
    let app = App::start().await;
    let routes = all_routes(&app).await;
    let position = app.position().await;
    let body = format!("{{\"text\": \"{}\"}}", "x".repeat(4 << 20));

    for (api, route) in &routes {
        println!("{} {}", route.method, route.path);
        assert_problem(&raw(api, route, body.clone()).await, 413, "body_too_large", None);
    }

    assert_eq!(app.position().await, position);
}

#[tokio::test]
async fn w08_w24_operator_routes_need_the_operators_key() {
    let app = App::start().await;
    let position = app.position().await;
    let reads =
        ["/v1/events", "/v1/agents", "/v1/agents/default", "/v1/bots", "/v1/workers", "/v1/config/lease", "/v1/queue/stats"];
    let reads = reads.into_iter().map(|path| route(Method::GET, path, Value::Null, None, ("", Value::Null)));
    let writes = operator_routes().into_iter().chain([
        route(Method::POST, "/internal/tick", json!({}), None, ("", Value::Null)),
        route(Method::DELETE, "/v1/api-keys/unknown", Value::Null, None, ("", Value::Null)),
    ]);

    for route in reads.chain(writes) {
        println!("{} {}", route.method, route.path);
        for api in [app.api().anonymous(), app.api().with_key("guess")] {
            let answer = raw(&api, &route, route.good.to_string()).await;
            assert_problem(&answer, 401, "unauthenticated", None);
        }
    }
    let basic = app.api().anonymous().request(Method::GET, "/v1/events").basic_auth("operator", Some(&app.keys().operator));
    assert_problem(&app.api().send(basic).await.expect("clawstead answers"), 401, "unauthenticated", None);

    assert_eq!(app.position().await, position);
}

#[tokio::test]
async fn the_tick_key_ticks_and_nothing_else() {
    let app = App::start().await;
    let tick = app.api().with_key(&app.keys().tick);

    tick.post("/internal/tick", &json!({})).await.expect("clawstead answers").success().expect("it ticks");

    for path in ["/v1/events", "/v1/workers"] {
        let answer = tick.get(path).await.expect("clawstead answers");
        assert!(answer.status == 401 || answer.status == 403, "{}", answer.text);
    }
}

#[tokio::test]
async fn unknown_ids_are_named() {
    let app = App::start().await;
    let position = app.position().await;

    for (path, code) in [
        ("/v1/agents/nobody", "agent_not_found"),
        ("/v1/messages/nothing", "message_not_found"),
        ("/v1/conversations/nothing", "conversation_not_found"),
        ("/v1/conversations/nothing/turns", "conversation_not_found"),
        ("/v1/pairings/nothing", "pairing_not_found"),
        ("/v1/templates/nothing", "template_not_found"),
        ("/v1/push-templates/nothing", "push_template_not_found"),
        ("/v1/push-jobs/nothing", "push_job_not_found"),
        ("/v1/broadcasts/nothing", "broadcast_not_found"),
    ] {
        println!("{path}");
        assert_problem(&app.get(path).await, 404, code, None);
    }
    assert_problem(&app.delete("/v1/api-keys/nothing").await, 404, "api_key_not_found", None);
    let mut to_nobody = message();
    to_nobody["agent_key"] = json!("nobody");
    assert_problem(&app.post("/v1/messages", &to_nobody).await, 404, "agent_not_found", None);
    let pairing = json!({"consumer_user_id": "ada", "agent_key": "nobody"});
    assert_problem(&app.post("/v1/pairings", &pairing).await, 404, "agent_not_found", None);

    assert_eq!(app.position().await, position);
}

#[tokio::test]
async fn values_out_of_range_are_refused_by_name() {
    let app = App::start().await;
    let position = app.position().await;

    for (path, field) in [
        ("/v1/events?limit=0", "limit"),
        ("/v1/events?limit=1001", "limit"),
        ("/v1/events?limit=many", "limit"),
        ("/v1/events?after=-1", "after"),
        ("/v1/events?after=x", "after"),
    ] {
        println!("{path}");
        assert_problem(&app.get(path).await, 400, "invalid_field", Some(field));
    }
    for (path, body, field) in [
        ("/v1/config/lease", json!({"lease_ms": 1}), "lease_ms"),
        ("/v1/config/retry", json!({"max_attempts": 0}), "max_attempts"),
        ("/v1/config/scaling", json!({"machines_max": -1}), "machines_max"),
        ("/v1/config/provider", json!({"kind": "boat"}), "kind"),
        ("/v1/config/provider", json!({"kind": "fly", "app_name": "a", "image": "claw:v1", "regions": ["fra"]}), "image"),
    ] {
        println!("{path}");
        assert_problem(&app.put(path, &body).await, 400, "invalid_field", Some(field));
    }
    for (field, value) in
        [("text", json!(" ")), ("priority", json!(101)), ("conversation_id", json!("a/b")), ("scheduled_for", json!(-1))]
    {
        let mut body = message();
        body[field] = value;
        println!("{body}");
        assert_problem(&app.post("/v1/messages", &body).await, 400, "invalid_field", Some(field));
    }

    assert_eq!(app.position().await, position);
}

#[tokio::test]
async fn unknown_routes_and_methods_are_told_apart() {
    let app = App::start().await;

    for path in ["/v1", "/v1/nothing", "/v1/config/nothing", "/internal/nothing"] {
        println!("{path}");
        let answer = app.get(path).await;
        assert_eq!((answer.status, answer.content_type.as_str()), (404, "application/problem+json"), "{}", answer.text);
    }
    for (method, path) in [(Method::DELETE, "/v1/events"), (Method::GET, "/internal/tick"), (Method::POST, "/healthz")] {
        println!("{method} {path}");
        let answer = app.api().send(app.api().request(method, path)).await.expect("clawstead answers");
        assert_problem(&answer, 405, "method_not_allowed", None);
    }
}

#[tokio::test]
async fn a_repeated_idempotency_key_gives_the_first_message() {
    let app = App::start().await;
    let send = async |text: &str| {
        let mut body = message();
        body["text"] = json!(text);
        let request = app.api().request(Method::POST, "/v1/messages").header("Idempotency-Key", "order-7").json(&body);
        app.api().send(request).await.expect("clawstead answers")
    };

    let (first, again) = (send("hi").await, send("hi").await);

    assert_eq!((first.status, again.status), (201, 200), "{}", again.text);
    assert_eq!(first.json, again.json);
    assert_eq!(app.events("MessageEnqueued").await.len(), 1);
}
