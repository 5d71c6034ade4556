//! Push templates, push jobs and broadcasts, over HTTP: by REST, and by the functions of existing clients.

use clawstead_tests::{Answer, Api, App, FunctionKind, assert_problem, function_error, function_value, seed};
use reqwest::Method;
use serde_json::{Value, json};

use FunctionKind::{Mutation, Query};

const ADA: &str = seed::CONSUMER_USER_ID;

/// A key of a consumer app, made with this reach.
async fn key(app: &App, reach: &Value) -> Api {
    let mut body = json!({"name": "app", "scopes": ["messages", "templates"]});
    body.as_object_mut().expect("an object").extend(reach.as_object().expect("an object").clone());
    let made = app.post("/v1/api-keys", &body).await.success().expect("it is made");
    app.api().with_key(made["key"].as_str().expect("the key"))
}

async fn call(api: &Api, kind: FunctionKind, name: &str, args: &Value) -> Answer {
    api.post(kind.path(), &json!({"path": format!("agentFactory:{name}"), "args": args})).await.expect("an answer")
}

async fn value(api: &Api, kind: FunctionKind, name: &str, args: &Value) -> Value {
    function_value(&call(api, kind, name, args).await)
}

async fn send(api: &Api, method: Method, path: &str, key: Option<&str>, body: &Value) -> Answer {
    let mut request = api.request(method, path).json(body);
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    api.send(request).await.expect("an answer")
}

fn text<'a>(of: &'a Value, field: &str) -> &'a str {
    of[field].as_str().unwrap_or_else(|| panic!("no {field} in {of}"))
}

async fn texts(app: &App) -> Vec<String> {
    app.events("MessageEnqueued").await.iter().map(|event| text(&event["data"], "text").to_owned()).collect()
}

fn daily(company: &str) -> Value {
    json!({"company_id": company, "template_key": "check-in", "title": "Check-in", "text": "How are you?", "periodicity": "daily",
           "suggested_times": [{"kind": "daily", "time": "08:00"}]})
}

#[tokio::test]
async fn a_job_is_made_of_a_template_run_listed_changed_and_deleted() {
    let app = App::builder().paired().start().await;
    let template = app.post("/v1/push-templates", &daily("acme")).await;
    assert_eq!(template.status, 201, "{}", template.text);
    assert_problem(&app.post("/v1/push-templates", &daily("acme")).await, 409, "push_template_key_taken", Some("template_key"));
    let template_id = text(&template.json, "template_id").to_owned();
    let wanted = json!({"company_id": "acme", "consumer_user_id": ADA, "agent_key": seed::AGENT, "template_id": template_id, "timezone": "europe/rome"});
    let job = app.post("/v1/push-jobs", &wanted).await;
    assert_eq!(job.status, 201, "{}", job.text);
    assert_eq!((&job.json["timezone"], &job.json["schedule"]["time"]), (&json!("Europe/Rome"), &json!("08:00")));
    let made_at = job.json["created_at"].as_i64().expect("an instant");
    let next = job.json["next_run_at"].as_i64().expect("an instant");
    assert!(next > made_at && next <= made_at + 25 * 3_600_000 && next % 3_600_000 == 0, "{}", job.text);
    let path = format!("/v1/push-jobs/{}", text(&job.json, "job_id"));

    let first = send(app.api(), Method::POST, &format!("{path}/trigger"), Some("click"), &json!({})).await;
    let again = send(app.api(), Method::POST, &format!("{path}/trigger"), Some("click"), &json!({})).await;
    assert_eq!((first.status, again.status, &first.json), (201, 200, &again.json), "{} {}", first.text, again.text);
    assert_eq!(texts(&app).await, ["How are you?"]);
    assert_eq!(app.message(text(&first.json, "message_id")).await["provider"], "telegram");
    let runs = app.get(&format!("{path}/dispatches")).await.json;
    assert_eq!(
        (&runs["dispatches"][0]["status"], &runs["dispatches"][0]["run_key"]),
        (&json!("enqueued"), &first.json["run_key"])
    );
    assert_eq!(app.get(&path).await.json["next_run_at"], next, "a click moves no slot");
    let stats = app.get(&format!("/v1/users/{ADA}/agents/{}/stats", seed::AGENT)).await.json;
    assert_eq!((&stats["pushes"]["total_dispatches"], &stats["conversation"]["queued_messages"]), (&json!(1), &json!(1)));

    let off = send(app.api(), Method::PATCH, &path, None, &json!({"enabled": false})).await;
    assert_eq!((&off.json["enabled"], &off.json["next_run_at"]), (&json!(false), &Value::Null), "{}", off.text);
    let list = async |query: &str| app.get(&format!("/v1/push-jobs?consumer_user_id={ADA}{query}")).await.json["jobs"].clone();
    assert_eq!(list("").await, json!([]));
    assert_eq!(list("&include_disabled=true").await.as_array().expect("a list").len(), 1);
    assert_eq!(app.post("/v1/push-jobs/dispatch", &json!({})).await.json["scanned"], 0);
    app.post("/v1/views/rebuild", &json!({})).await.success().expect("they are made anew");
    assert_eq!(app.get(&path).await.json, off.json, "as the log says it");
    assert_eq!(app.delete(&path).await.status, 204);
    assert_problem(&app.get(&path).await, 404, "push_job_not_found", None);
    let template_path = format!("/v1/push-templates/{template_id}");
    assert_eq!(app.delete(&template_path).await.status, 204);
    assert_problem(&app.get(&template_path).await, 404, "push_template_not_found", None);
}

#[tokio::test]
async fn p12_jobs_and_templates_are_for_keys_of_their_company_user_and_agent() {
    let app = App::builder().paired().start().await;
    let (acme, initech) = (key(&app, &json!({"companies": ["acme"]})).await, key(&app, &json!({"companies": ["initech"]})).await);
    let template = acme.post("/v1/push-templates", &daily("acme")).await.expect("an answer").success().expect("it is made");
    let template_id = text(&template, "template_id");
    let own = json!({"consumer_user_id": ADA, "title": "t", "text": "hi", "timezone": "UTC", "schedule": {"kind": "manual"}});
    let job = acme.post("/v1/push-jobs", &own).await.expect("an answer").success().expect("it is made");
    assert_eq!(job["company_id"], "acme", "a key of one company need not name it");
    let (path, job_id) = (format!("/v1/push-jobs/{}", text(&job, "job_id")), text(&job, "job_id"));
    let position = app.position().await;

    for (method, path) in [(Method::GET, path.clone()), (Method::DELETE, path.clone()), (Method::POST, format!("{path}/trigger"))]
    {
        assert_problem(&send(&initech, method, &path, None, &json!({})).await, 404, "push_job_not_found", None);
    }
    let update = json!({"jobId": job_id, "text": "mine"});
    assert!(function_error(&call(&initech, Mutation, "updatePushJob", &update).await).contains("push_job_not_found"));
    let of_template = json!({"templateId": template_id, "actorUserId": "eve", "text": "mine"});
    assert!(
        function_error(&call(&initech, Mutation, "updatePushTemplate", &of_template).await).contains("push_template_not_found")
    );
    assert!(
        function_error(&call(&initech, Query, "listPushTemplatesByCompany", &json!({"companyId": "acme"})).await)
            .contains("forbidden")
    );
    assert_eq!(value(&initech, Query, "listPushJobsForUser", &json!({"consumerUserId": ADA})).await, json!([]));
    let of_bjorn = key(&app, &json!({"users": ["bjorn"], "companies": ["acme"]})).await;
    assert_problem(&of_bjorn.get(&path).await.expect("an answer"), 403, "forbidden", None);
    let of_agent = key(&app, &json!({"agents": [seed::AGENT], "companies": ["acme"]})).await;
    assert_problem(&of_agent.get(&path).await.expect("an answer"), 403, "forbidden", None);
    let news = json!({"title": "News", "text": "hello"});
    assert_problem(&acme.post("/v1/broadcasts", &news).await.expect("an answer"), 403, "forbidden", None);
    assert_eq!(app.position().await, position + 2, "two keys were made, and nothing else happened");
}

#[tokio::test]
async fn p4_a_broadcast_is_one_message_for_each_within_the_reach() {
    let app = App::builder().paired().start().await;
    app.pair("bjorn", 4_242).await;
    let of_ada = key(&app, &json!({"users": [ADA]})).await;
    let news = json!({"title": "News", "text": "hello", "requested_by": "eve"});
    let first = send(&of_ada, Method::POST, "/v1/broadcasts", Some("click"), &news).await;
    let again = send(&of_ada, Method::POST, "/v1/broadcasts", Some("click"), &news).await;
    assert_eq!((first.status, &first.json), (201, &again.json), "{}", first.text);
    assert_eq!((&first.json["enqueued"], &first.json["status"]), (&json!(1), &json!("done")));
    let other = json!({"title": "Other", "text": "hello"});
    let reused = send(&of_ada, Method::POST, "/v1/broadcasts", Some("click"), &other).await;
    assert_problem(&reused, 409, "idempotency_key_reused", None);
    assert_problem(&of_ada.get("/v1/broadcasts").await.expect("an answer"), 403, "forbidden", None);

    let args = json!({"companyId": "acme", "title": "For all", "text": "hello", "requestedBy": "eve"});
    let whole = key(&app, &json!({})).await;
    let sent = value(&whole, Mutation, "sendBroadcastToAllActiveAgents", &args).await;
    assert_eq!((&sent["totalTargets"], &sent["enqueued"], &sent["failed"]), (&json!(2), &json!(2), &json!(0)));
    assert_eq!(texts(&app).await, ["News\n\nhello", "For all\n\nhello", "For all\n\nhello"]);
    let shown = app.get(&format!("/v1/broadcasts/{}", text(&sent, "broadcastId"))).await.json;
    assert_eq!((&shown["requested_by"], &shown["company_id"]), (&json!("eve"), &json!("acme")));
    assert_eq!(app.get("/v1/broadcasts").await.json["broadcasts"].as_array().expect("a list").len(), 2);
    assert_problem(&app.get("/v1/broadcasts/nothing").await, 404, "broadcast_not_found", None);
}

#[tokio::test]
async fn existing_clients_keep_their_functions() {
    let app = App::builder().paired().start().await;
    let api = key(&app, &json!({})).await;
    let monthly = json!({"kind": "monthly", "dayOfMonth": "last", "time": "09:00"});
    let template = json!({"companyId": "acme", "templateKey": "k", "title": "T", "text": "X", "periodicity": "monthly",
                          "suggestedTimes": [monthly], "actorUserId": "bob"});
    let template_id = value(&api, Mutation, "createPushTemplate", &template).await;
    let listed = value(&api, Query, "listPushTemplatesByCompany", &json!({"companyId": "acme"})).await;
    assert_eq!((&listed[0]["_id"], &listed[0]["suggestedTimes"][0]), (&template_id, &monthly));
    let renamed = json!({"templateId": template_id, "title": "Other", "actorUserId": "bob"});
    assert_eq!(value(&api, Mutation, "updatePushTemplate", &renamed).await, true);

    let (user, pair) = (json!({"consumerUserId": ADA}), json!({"consumerUserId": ADA, "agentKey": seed::AGENT}));
    let with = |base: &Value, more: Value| {
        let mut both = base.clone();
        both.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        both
    };
    let of_template = json!({"companyId": "acme", "templateId": template_id, "timezone": "Europe/Rome"});
    let custom = json!({"companyId": "acme", "title": "C", "text": "custom", "periodicity": "manual", "timezone": "UTC",
                        "schedule": {"kind": "manual"}});
    let mut jobs = Vec::new();
    for (name, args) in [
        ("createPushJobFromTemplate", with(&user, of_template.clone())),
        ("createPushJobFromTemplateForAgent", with(&pair, of_template)),
        ("createPushJobCustom", with(&user, custom.clone())),
        ("createPushJobCustomForAgent", with(&pair, custom.clone())),
    ] {
        jobs.push(value(&api, Mutation, name, &args).await);
    }
    let stranger = with(&json!({"consumerUserId": ADA, "agentKey": "nobody"}), custom.clone());
    assert!(function_error(&call(&api, Mutation, "createPushJobCustomForAgent", &stranger).await).contains("agent_not_current"));
    let odd = with(&user, with(&custom, json!({"periodicity": "daily"})));
    assert!(function_error(&call(&api, Mutation, "createPushJobCustom", &odd).await).contains("schedule"));
    assert!(
        function_error(&call(&api, Mutation, "createPushJobCustomForAgent", &with(&user, custom)).await).contains("agentKey")
    );

    let all = value(&api, Query, "listPushJobsForUser", &user).await;
    let columns = [
        "_id",
        "agentKey",
        "companyId",
        "consumerUserId",
        "createdAt",
        "enabled",
        "lastRunAt",
        "lastRunKey",
        "nextRunAt",
        "periodicity",
        "schedule",
        "sourceTemplateId",
        "text",
        "timezone",
        "title",
        "updatedAt",
    ];
    assert_eq!(all[0].as_object().expect("an object").keys().collect::<Vec<_>>(), columns);
    assert_eq!(all.as_array().expect("a list").len(), 4);
    assert_eq!(value(&api, Query, "listPushJobsForAgent", &pair).await, all);
    let of_template = all.as_array().expect("a list").iter().find(|job| job["_id"] == jobs[0]).expect("it is there");
    assert_eq!((&of_template["schedule"], &of_template["periodicity"]), (&monthly, &json!("monthly")));

    let job = json!({"jobId": jobs[3]});
    let run = value(&api, Mutation, "triggerPushJobNow", &job).await;
    assert_eq!(app.message(text(&run, "enqueuedMessageId")).await["status"], "queued");
    let run = value(&api, Mutation, "triggerPushJobNowForAgent", &with(&pair, job.clone())).await;
    assert!(text(&run, "runKey").starts_with("manual:"));
    let by_job = value(&api, Query, "listPushDispatchesByJob", &with(&job, json!({"limit": 1}))).await;
    assert_eq!((by_job.as_array().expect("a list").len(), &by_job[0]["runKey"]), (1, &run["runKey"]));
    let for_agent = value(&api, Query, "listPushDispatchesForAgent", &pair).await;
    assert_eq!((for_agent.as_array().expect("a list").len(), &for_agent[0]["jobId"]), (2, &jobs[3]));
    let due = value(&api, Mutation, "dispatchDuePushJobs", &json!({"nowMs": 9_000_000_000_000_i64, "limit": 5})).await;
    assert_eq!(due, json!({"scanned": 0, "enqueued": 0, "skipped": 0, "failed": 0}), "what is due is for our clock to say");
    let pushes = value(&api, Query, "getUserAgentPushStats", &pair).await;
    assert_eq!((&pushes["totalPushJobs"], &pushes["totalDispatches"]), (&json!(4), &json!(2)));
    let talks = value(&api, Query, "getUserAgentConversationStats", &pair).await;
    assert_eq!(talks, json!({"contextMessages": 0, "queuedMessages": 2, "failedMessages": 0}));
    assert_eq!(value(&api, Query, "getUserAgentUsageStats", &pair).await, with(&pushes, talks));

    let foreign = json!({"consumerUserId": "eve", "agentKey": seed::AGENT, "jobId": jobs[3], "text": "mine"});
    assert_eq!(value(&api, Mutation, "updatePushJobForAgent", &foreign).await, false);
    assert_eq!(value(&api, Mutation, "updatePushJobForAgent", &with(&pair, with(&job, json!({"text": "new"})))).await, true);
    assert_eq!(value(&api, Mutation, "updatePushJob", &with(&job, json!({"title": "new"}))).await, true);
    assert_eq!(value(&api, Mutation, "setPushJobEnabled", &with(&job, json!({"enabled": false}))).await, true);
    let enabled = value(&api, Query, "listPushJobsForUser", &with(&user, json!({"includeDisabled": false}))).await;
    assert_eq!(enabled.as_array().expect("a list").len(), 3);
    for expected in [true, false] {
        assert_eq!(value(&api, Mutation, "deletePushJob", &job).await, expected);
        assert_eq!(value(&api, Mutation, "deletePushTemplate", &json!({"templateId": template_id})).await, expected);
    }
    for (name, args) in
        [("updatePushJob", json!({"jobId": "nothing"})), ("setPushJobEnabled", json!({"jobId": "nothing", "enabled": true}))]
    {
        assert_eq!(value(&api, Mutation, name, &args).await, false, "{name}");
    }
}

#[tokio::test]
async fn snapshots_and_the_providers_configuration_are_read_by_existing_clients() {
    let app = App::builder().paired().start().await;
    let api = key(&app, &json!({})).await;
    let pair = json!({"consumerUserId": ADA, "agentKey": seed::AGENT});
    let said = app.post(&format!("/v1/users/{ADA}/agents/{}/messages", seed::AGENT), &json!({"text": "hi"})).await;
    let conversation = text(&said.json, "conversation_id").to_owned();
    let worker = app.worker().await;
    clawstead_tests::snapshots::works_on(&app, &worker, &conversation).await;
    let of_conversation = json!({"conversationId": conversation});
    assert_eq!(value(&api, Query, "getLatestSnapshotForUserAgent", &pair).await, Value::Null);
    clawstead_tests::snapshots::snapshot(&worker, &conversation, b"bytes").await;
    let latest = value(&api, Query, "getLatestSnapshotForUserAgent", &pair).await;
    let shown = (&latest["status"], &latest["sizeBytes"], &latest["conversationId"], &latest["downloadUrl"]);
    assert_eq!(shown, (&json!("ready"), &json!(5), &json!(conversation), &Value::Null));
    assert_eq!(value(&api, Query, "listSnapshotsForConversation", &of_conversation).await, json!([latest]));
    assert_eq!(value(&api, Query, "listSnapshotsForUserAgent", &pair).await, json!([latest]));
    let listed = app.get(&format!("/v1/users/{ADA}/agents/{}/snapshots", seed::AGENT)).await.json;
    assert_eq!(listed["snapshots"][0]["snapshot_id"], latest["snapshotId"]);
    let unknown = json!({"consumerUserId": "eve", "agentKey": seed::AGENT});
    assert_eq!(value(&api, Query, "listSnapshotsForUserAgent", &unknown).await, json!([]));

    let digest = format!("registry.fly.io/w@sha256:{}", "0123456789abcdef".repeat(4));
    let config = json!({"kind": "fly", "appName": "w", "organizationSlug": "o", "image": digest, "region": "fra", "volumeName": "v",
                        "volumePath": "/data", "volumeSizeGb": 10});
    let set = json!({"providerConfig": config});
    assert!(function_error(&call(&api, Mutation, "setProviderRuntimeConfig", &set).await).contains("forbidden"));
    function_value(&app.call(Mutation, "setProviderRuntimeConfig", &set).await);
    let shown = function_value(&app.call(Query, "getProviderRuntimeConfig", &json!({})).await);
    for name in ["kind", "appName", "image", "region", "volumePath", "volumeSizeGb"] {
        assert_eq!(shown[name], config[name], "{name}");
    }
    assert_eq!(app.get("/v1/config/provider").await.json["regions"], json!(["fra"]));
    for (name, bad) in
        [("kind", json!("ecs")), ("image", json!("w:latest")), ("volumeSizeGb", json!(1.5)), ("appName", json!(" "))]
    {
        let mut set = set.clone();
        set["providerConfig"][name] = bad;
        assert!(function_error(&app.call(Mutation, "setProviderRuntimeConfig", &set).await).contains(name), "{name}");
    }
}
