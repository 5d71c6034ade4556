//! Message templates of two companies, over HTTP: by REST, and by the functions of existing clients.

use clawstead_tests::{Answer, Api, App, FunctionKind, assert_problem, function_error, function_value, seed};
use reqwest::Method;
use serde_json::{Value, json};

use FunctionKind::{Mutation, Query};

const SEND: &str = "/v1/users/ada/agents/default/messages";

/// A key of a consumer app, made with this reach.
async fn key(app: &App, reach: &Value) -> Api {
    let mut body = json!({"name": "app", "scopes": ["messages", "templates"]});
    body.as_object_mut().expect("an object").extend(reach.as_object().expect("an object").clone());
    let made = app.post("/v1/api-keys", &body).await.success().expect("it is made");
    app.api().with_key(made["key"].as_str().expect("the key"))
}

async fn created(api: &Api, body: &Value) -> Value {
    let made = api.post("/v1/templates", body).await.expect("an answer");
    assert_eq!(made.status, 201, "{}", made.text);
    made.json
}

async fn titles(api: &Api, query: &str) -> Vec<String> {
    let page = api.get(&format!("/v1/templates{query}")).await.expect("an answer").success().expect("a page");
    let title = |one: &Value| one["title"].as_str().expect("a title").to_owned();
    page["templates"].as_array().expect("templates").iter().map(title).collect()
}

async fn patch(api: &Api, template_id: &str, body: &Value) -> Answer {
    let request = api.request(Method::PATCH, &format!("/v1/templates/{template_id}")).json(body);
    api.send(request).await.expect("an answer")
}

async fn call(api: &Api, kind: FunctionKind, name: &str, args: &Value) -> Answer {
    api.post(kind.path(), &json!({"path": format!("agentFactory:{name}"), "args": args})).await.expect("an answer")
}

fn id(template: &Value) -> &str {
    template["template_id"].as_str().expect("an id")
}

#[tokio::test]
async fn w59_two_companies_neither_see_nor_touch_each_others_templates() {
    let app = App::builder().paired().start().await;
    let (acme, initech) = (key(&app, &json!({"companies": ["acme"]})).await, key(&app, &json!({"companies": ["initech"]})).await);
    let secret = created(&acme, &json!({"title": "Status Update", "text": "the merger is on", "tags": ["Team", " team"]})).await;
    assert_eq!((&secret["company_id"], &secret["template_key"]), (&json!("acme"), &json!("status-update")), "{secret}");
    assert_eq!((&secret["tags"], &secret["enabled"], &secret["usage_count"]), (&json!(["team"]), &json!(true), &json!(0)));
    assert!(secret["created_by"].as_str().expect("who").starts_with("service:"));
    let other = created(&initech, &json!({"title": "Status Update", "text": "hello", "actor_user_id": "bob"})).await;
    assert_eq!((&other["template_key"], &other["created_by"]), (&json!("status-update"), &json!("bob")));
    let nobodys = created(app.api(), &json!({"title": "For all", "text": "hello"})).await;
    let position = app.position().await;

    assert_eq!(titles(&initech, "").await, ["Status Update"]);
    for foreign in [&secret, &nobodys] {
        let path = format!("/v1/templates/{}", id(foreign));
        let send = initech.post(SEND, &json!({"template_id": id(foreign)})).await;
        let answers = [
            initech.get(&path).await,
            initech.delete(&path).await,
            Ok(patch(&initech, id(foreign), &json!({"text": "mine"})).await),
            send,
        ];
        for answer in answers {
            let answer = answer.expect("an answer");
            assert_problem(&answer, 404, "template_not_found", None);
        }
        let arguments = json!({"templateId": id(foreign), "text": "mine", "actorUserId": "eve"});
        assert!(
            function_error(&call(&initech, Mutation, "updateMessageTemplate", &arguments).await).contains("template_not_found")
        );
    }
    for answer in [
        initech.get("/v1/templates?company_id=acme").await,
        initech.post("/v1/templates", &json!({"company_id": "acme", "title": "Mine", "text": "hello"})).await,
    ] {
        assert_problem(&answer.expect("an answer"), 403, "forbidden", None);
    }
    let of_user = key(&app, &json!({"users": ["ada"]})).await;
    assert_problem(&patch(&of_user, id(&nobodys), &json!({"text": "mine"})).await, 403, "forbidden", None);
    assert_problem(&of_user.get("/v1/templates").await.expect("an answer"), 403, "forbidden", None);
    assert_eq!(app.position().await, position + 1, "the key was made, and nothing else happened");

    assert_eq!(titles(app.api(), "?company_id=acme").await, ["Status Update"]);
    assert_eq!(titles(app.api(), "").await, ["For all"]);
    let sent = of_user.post(SEND, &json!({"template_id": id(&nobodys)})).await.expect("an answer");
    assert_eq!((sent.status, &sent.json["usage_count"]), (201, &json!(1)), "{}", sent.text);
}

#[tokio::test]
async fn w32_a_double_click_is_one_message_and_one_use() {
    let app = App::builder().paired().start().await;
    let acme = key(&app, &json!({"companies": ["acme"]})).await;
    let template = created(&acme, &json!({"title": "Hello", "text": "hello from a template"})).await;
    let send = async |api: &Api, key: &str, body: &Value| {
        let request = api.request(Method::POST, SEND).header("idempotency-key", key).json(body);
        api.send(request).await.expect("an answer")
    };
    let body = json!({"template_id": id(&template), "metadata": {"mood": "fine"}});

    let first = send(&acme, "click", &body).await;
    let again = send(&acme, "click", &body).await;

    assert_eq!((first.status, again.status), (201, 200), "{} {}", first.text, again.text);
    assert_eq!((&first.json, &first.json["usage_count"]), (&again.json, &json!(1)));
    let elsewhere = acme.request(Method::POST, "/v1/users/eve/agents/default/messages").header("idempotency-key", "click");
    let elsewhere = acme.send(elsewhere.json(&body)).await.expect("an answer");
    assert_problem(&elsewhere, 409, "idempotency_key_reused", None);
    let text = send(&acme, "text", &json!({"text": "by hand"})).await;
    assert_eq!((text.status, &text.json["usage_count"]), (201, &Value::Null), "{}", text.text);
    let events = app.events("MessageEnqueued").await;
    let texts: Vec<_> = events.iter().map(|event| event["data"]["text"].clone()).collect();
    assert_eq!(texts, ["hello from a template", "by hand"]);
    let metadata = &events[0]["data"]["metadata"];
    assert_eq!(
        (&metadata["source"], &metadata["templateKey"], &metadata["mood"]),
        (&json!("message_template"), &json!("hello"), &json!("fine"))
    );
    for (body, field) in [(json!({}), "text"), (json!({"text": "a", "template_id": "b"}), "template_id")] {
        let refused = acme.post(SEND, &body).await.expect("an answer");
        assert_eq!((refused.status, &refused.json["field"]), (400, &json!(field)), "{}", refused.text);
    }
    app.post("/v1/views/rebuild", &json!({})).await.success().expect("they are made anew");
    assert_eq!(acme.get(&format!("/v1/templates/{}", id(&template))).await.expect("an answer").json["usage_count"], 1);
}

#[tokio::test]
async fn templates_are_changed_listed_by_use_and_deleted() {
    let app = App::builder().paired().start().await;
    let both = key(&app, &json!({"companies": ["acme", "initech"]})).await;
    let refused = both.post("/v1/templates", &json!({"title": "x", "text": "y"})).await.expect("an answer");
    assert_problem(&refused, 400, "missing_field", Some("company_id"));
    let of_acme = |title: &str| json!({"company_id": "acme", "title": title, "text": "hello"});
    let first = created(&both, &of_acme("Città")).await;
    let second = created(&both, &of_acme("Citta")).await;
    assert_eq!((&first["template_key"], &second["template_key"]), (&json!("citta"), &json!("citta-2")));

    both.post(SEND, &json!({"template_id": id(&first)})).await.expect("an answer").success().expect("it is sent");
    assert_eq!(titles(&both, "?company_id=acme").await, ["Città", "Citta"]);
    let page = both.get("/v1/templates?company_id=acme&limit=1").await.expect("an answer").json;
    let after = page["next_after"].as_str().expect("more");
    assert_eq!(titles(&both, &format!("?company_id=acme&after={after}")).await, ["Citta"]);

    let changed = patch(&both, id(&first), &json!({"enabled": false, "title": "Roma", "actor_user_id": "bob"})).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!((&changed.json["template_key"], &changed.json["updated_by"]), (&json!("roma"), &json!("bob")));
    assert_eq!(titles(&both, "?company_id=acme").await, ["Citta"]);
    assert_eq!(titles(&both, "?company_id=acme&include_disabled=true").await, ["Roma", "Citta"]);
    let off = both.post(SEND, &json!({"template_id": id(&first)})).await.expect("an answer");
    assert_problem(&off, 404, "template_not_found", None);

    let path = format!("/v1/templates/{}", id(&second));
    assert_eq!(both.delete(&path).await.expect("an answer").status, 204);
    assert_problem(&both.get(&path).await.expect("an answer"), 404, "template_not_found", None);
    let bad = both.get("/v1/templates?company_id=acme&include_disabled=maybe").await.expect("an answer");
    assert_problem(&bad, 400, "invalid_field", Some("include_disabled"));
}

#[tokio::test]
async fn existing_clients_keep_their_functions() {
    let app = App::builder().paired().start().await;
    let acme = key(&app, &json!({"companies": ["acme"]})).await;
    let create = json!({"title": " Status Update ", "text": " How is it going? ", "tags": ["Team", "URGENT ", "team"], "actorUserId": "bob"});
    let template_id = function_value(&call(&acme, Mutation, "createMessageTemplate", &create).await);
    let list = async |args: Value| function_value(&call(&acme, Query, "listMessageTemplatesByCompany", &args).await);
    let listed = list(json!({})).await;
    let one = &listed[0];
    let columns = [
        "_creationTime",
        "_id",
        "createdAt",
        "createdBy",
        "enabled",
        "tags",
        "templateKey",
        "text",
        "title",
        "updatedAt",
        "updatedBy",
        "usageCount",
    ];
    assert_eq!(one.as_object().expect("an object").keys().collect::<Vec<_>>(), columns);
    assert_eq!(
        (&one["_id"], &one["templateKey"], &one["title"]),
        (&template_id, &json!("status-update"), &json!("Status Update"))
    );
    assert_eq!((&one["text"], &one["tags"]), (&json!("How is it going?"), &json!(["team", "urgent"])));

    let send = json!({"consumerUserId": "ada", "agentKey": seed::AGENT, "templateId": template_id, "metadata": {"mood": "fine"}});
    for used in [1, 2] {
        let sent = function_value(&call(&acme, Mutation, "sendMessageTemplateToUserAgent", &send).await);
        assert_eq!(sent["usageCount"], used);
        assert_eq!(sent.as_object().expect("an object").len(), 2);
        assert_eq!(app.message(sent["messageId"].as_str().expect("an id")).await["status"], "queued");
    }
    let twice = async || {
        let body = json!({"path": "agentFactory:sendMessageTemplateToUserAgent", "args": send});
        let request = acme.request(Method::POST, "/api/mutation").header("idempotency-key", "click").json(&body);
        function_value(&acme.send(request).await.expect("an answer"))
    };
    assert_eq!(twice().await, twice().await);
    assert_eq!(list(json!({"limit": 1})).await[0]["usageCount"], 3);

    let update = json!({"templateId": template_id, "enabled": false, "actorUserId": "carol"});
    assert_eq!(function_value(&call(&acme, Mutation, "updateMessageTemplate", &update).await), true);
    assert_eq!(list(json!({})).await, json!([]));
    assert_eq!(list(json!({"includeDisabled": true})).await[0]["updatedBy"], "carol");
    assert!(function_error(&call(&acme, Mutation, "sendMessageTemplateToUserAgent", &send).await).contains("template_not_found"));
    for (name, args) in [
        ("updateMessageTemplate", json!({"templateId": "nothing", "actorUserId": "carol"})),
        ("deleteMessageTemplate", json!({"templateId": "nothing"})),
    ] {
        assert_eq!(function_value(&call(&acme, Mutation, name, &args).await), false, "{name}");
    }
    let blank = json!({"title": " ", "text": "x", "tags": [], "actorUserId": "bob"});
    assert!(function_error(&call(&acme, Mutation, "createMessageTemplate", &blank).await).contains("title"));
    assert_eq!(function_value(&call(&acme, Mutation, "deleteMessageTemplate", &json!({"templateId": template_id})).await), true);
    assert_eq!(list(json!({"includeDisabled": true})).await, json!([]));
}
