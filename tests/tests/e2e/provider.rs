//! Machines by order of the operator: ticks out of turn, cleanups, figures, costs.

use clawstead_tests::{
    App, FunctionKind::Action, assert_problem, emulators::fly::MachineState, eventually, function_error, function_value, seed,
};
use serde_json::{Value, json};

/// An app that may make machines, and that nobody ticks.
async fn unticked() -> App {
    let app = App::builder().bot().config("scaling", json!({"machines_max": 2, "spawn_step": 2})).start().await;
    seed::sandbox_provider(app.api()).await.expect("the provider is taken");
    app
}

fn living(app: &App) -> usize {
    app.fly().machines().iter().filter(|machine| machine.state != MachineState::Destroyed).count()
}

#[tokio::test]
async fn a_message_that_no_worker_can_take_has_a_tick_done_though_no_timer_comes() {
    let app = unticked().await;
    app.enqueue("chat", "hello").await;
    eventually("a machine", || async { (living(&app) == 1).then_some(()) }).await;
    app.until_idle().await;
}

#[tokio::test]
async fn the_operators_functions_have_the_shapes_that_clients_know() {
    let app = unticked().await;
    let call = async |name: &str, arguments: Value| function_value(&app.call(Action, name, &arguments).await);

    let started = call("startWorkers", json!({"flyApiToken": "taken and not used", "workspaceId": "default"})).await;
    assert_eq!(started, json!({"activeWorkers": 0, "spawned": 0, "terminated": 0}));
    let checked = call("checkIdleShutdowns", json!({})).await;
    assert_eq!(checked, json!({"checked": 0, "stopped": 0, "pending": 0, "nextCheckScheduled": true}));
    let recovered = call("recoverQueue", json!({"nowMs": 9_999_999_999_999_i64, "releaseLimit": 5})).await;
    let nothing = json!({"activeWorkers": 0, "spawned": 0, "terminated": 0});
    assert_eq!(recovered, json!({"released": {"requeued": 0, "unlocked": 0}, "reconcile": nothing}));
    let deleted = call("deleteFlyVolume", json!({"appName": "clawstead-sandbox", "volumeId": "vol_gone"})).await;
    assert_eq!((&deleted["ok"], &deleted["status"]), (&json!(true), &json!(200)), "{deleted}");
    let report = call("runFlyCleanup", json!({"machineConcurrency": 6})).await;
    for count in ["machinesFound", "machinesDeleted", "machinesRemaining", "volumesFound", "volumesDeleted", "volumesRemaining"] {
        assert_eq!(report[count], 0, "{report}");
    }
    for list in ["machineIdsDeleted", "machineIdsRemaining", "volumeIdsDeleted", "volumeIdsRemaining", "errors"] {
        assert_eq!(report[list], json!([]), "{report}");
    }
    assert_eq!(report["appName"], "clawstead-sandbox");
    assert_eq!(report["warnings"].as_array().map(Vec::len), Some(1), "it says that nothing was touched: {report}");
}

#[tokio::test]
async fn x2_x5_nobody_but_the_operator_starts_checks_recovers_cleans_or_deletes() {
    let app = unticked().await;
    let key = app.post("/v1/api-keys", &json!({"name": "app", "scopes": ["messages", "pairing", "stats"]})).await;
    let api = app.api().with_key(key.json["key"].as_str().expect("a key"));
    let volume = json!({"appName": "a", "volumeId": "v"});
    for (name, arguments) in [
        ("startWorkers", json!({"scalingPolicy": {"maxWorkers": 100}})),
        ("checkIdleShutdowns", json!({})),
        ("recoverQueue", json!({})),
        ("runFlyCleanup", json!({})),
        ("deleteFlyVolume", volume),
    ] {
        let body = json!({"path": format!("example:{name}"), "args": arguments});
        let refused = api.post("/api/action", &body).await.expect("clawstead answers");
        assert!(refused.text.contains("do not allow"), "{name}: {}", refused.text);
        let unknown = api.anonymous().post("/api/action", &body).await.expect("clawstead answers");
        assert_eq!(unknown.status, 401, "{name}");
    }
    for path in ["/v1/stats", "/v1/costs", "/v1/costs/messages"] {
        assert_problem(&api.get(path).await.expect("clawstead answers"), 403, "forbidden", None);
    }
    for path in ["/v1/provider/cleanup", "/v1/provider/reconcile"] {
        assert_problem(&api.post(path, &json!({})).await.expect("clawstead answers"), 403, "forbidden", None);
    }
}

#[tokio::test]
async fn x7_nobody_ends_a_lease_by_saying_what_time_it_is() {
    let app = App::start().await;
    let worker = app.worker().await;
    app.enqueue("chat", "hello").await;
    let job = worker.claim().await;
    let arguments = json!({"nowMs": 9_999_999_999_999_i64});
    let recovered = function_value(&app.call(Action, "recoverQueue", &arguments).await);
    assert_eq!(recovered["released"], json!({"requeued": 0, "unlocked": 0}));
    assert_eq!(function_value(&worker.complete(&job).await), true);
}

#[tokio::test]
async fn a_cleanup_reports_asks_for_the_name_and_ends_with_nothing_left() {
    let app = unticked().await;
    app.enqueue("chat", "hello").await;
    app.until_idle().await;
    let clean = async |body: Value| app.post("/v1/provider/cleanup", &body).await;

    let report = clean(json!({"scope": "everything"})).await.success().expect("a report");
    assert_eq!((&report["dry_run"], report["found"].as_array().map(Vec::len)), (&json!(true), Some(2)), "{report}");
    let unconfirmed = clean(json!({"scope": "everything", "dry_run": false})).await;
    assert_problem(&unconfirmed, 400, "invalid_field", Some("confirm"));
    let misspelt = clean(json!({"scope": "everthing"})).await;
    assert_eq!(misspelt.status, 400, "{}", misspelt.text);
    assert_eq!(living(&app), 1);

    let order = json!({"scope": "everything", "dry_run": false, "confirm": "clawstead", "force": true});
    eventually("a cleanup that is complete", || async {
        let answer = clean(order.clone()).await;
        if answer.status == 409 {
            assert!(answer.json["code"] == "cleanup_incomplete" || answer.json["code"] == "tick_under_way", "{}", answer.text);
            return None;
        }
        assert_eq!(answer.json["complete"], true, "{}", answer.text);
        Some(())
    })
    .await;
    assert_eq!((living(&app), app.fly().volumes().len()), (0, 0));
    app.tick().await;
    let figures = app.get("/v1/stats").await.json;
    assert_eq!((&figures["workers"]["machines"], &figures["workers"]["volumes"]), (&json!(0), &json!(0)), "{figures}");
    assert_eq!(figures["ticks"]["machines"]["last_error"], Value::Null, "{figures}");

    let prices = json!({"currency": "EUR", "machine_hour_micros": 3_600_000_000_i64});
    assert_eq!(app.put("/v1/config/prices", &prices).await.status, 200);
    let costs = app.get("/v1/costs?limit=10").await.json;
    assert_eq!((&costs["currency"], &costs["costs"][0]["agent_key"]), (&json!("EUR"), &json!(seed::AGENT)), "{costs}");
    assert!(costs["costs"][0]["cost"].as_f64().is_some_and(|cost| cost > 0.0), "{costs}");
    let of_messages = app.get("/v1/costs/messages").await.json;
    assert_eq!(of_messages["costs"].as_array().map(Vec::len), Some(1), "{of_messages}");
}

/// Makes something at Fly that clawstead knows nothing of; gives its id.
async fn somebody_makes(app: &App, what: &str, body: Value) -> String {
    let url = format!("{}/v1/apps/clawstead-sandbox/{what}", app.fly().base_url());
    let token = clawstead_tests::emulators::fly::FlyOptions::default().token;
    let made = reqwest::Client::new().post(url).bearer_auth(token).json(&body).send().await.expect("Fly answers");
    let made: Value = serde_json::from_str(&made.text().await.expect("a body")).expect("JSON");
    made["id"].as_str().unwrap_or_else(|| panic!("it is made: {made}")).to_owned()
}

#[tokio::test]
async fn what_does_not_carry_our_tag_is_reported_and_outlives_a_cleanup() {
    let app = unticked().await;
    app.enqueue("chat", "hello").await;
    app.until_idle().await;
    let machine = somebody_makes(&app, "machines", json!({"name": "theirs", "region": "fra", "config": {"image": "i"}})).await;
    let volume = somebody_makes(&app, "volumes", json!({"name": "theirs", "region": "fra", "size_gb": 1})).await;

    let report = app.get("/v1/provider/unowned").await.success().expect("a report");
    let found = report["unowned"].as_array().expect("a list");
    let mut told: Vec<_> = found.iter().map(|one| (one["id"].as_str().expect("an id"), &one["thing"])).collect();
    told.sort_by_key(|(_, thing)| thing.to_string());
    assert_eq!(told, [(machine.as_str(), &json!("machine")), (volume.as_str(), &json!("volume"))], "{report}");
    assert!(found.iter().all(|one| one["is_ours"] == false && one["removed_from"].is_null()), "{report}");
    assert_eq!((&report["apps"], &report["errors"]), (&json!(["clawstead-sandbox"]), &json!([])), "{report}");
    let page = app.get("/v1/provider/unowned?limit=1").await.json;
    let next = app.get(&format!("/v1/provider/unowned?after={}", page["next_after"].as_str().expect("more"))).await.json;
    assert_eq!((page["unowned"].as_array().map(Vec::len), next["unowned"].as_array().map(Vec::len)), (Some(1), Some(1)));
    let key = app.post("/v1/api-keys", &json!({"name": "app", "scopes": ["messages", "stats"]})).await;
    let consumer = app.api().with_key(key.json["key"].as_str().expect("a key"));
    assert_problem(&consumer.get("/v1/provider/unowned").await.expect("clawstead answers"), 403, "forbidden", None);

    let order = json!({"scope": "everything", "dry_run": false, "confirm": "clawstead", "force": true});
    eventually("a cleanup that is complete", || async {
        (app.post("/v1/provider/cleanup", &order).await.status == 200).then_some(())
    })
    .await;
    assert_eq!(app.fly().volumes().iter().map(|one| one.id.clone()).collect::<Vec<_>>(), [volume]);
    assert_eq!(living(&app), 1);
}

#[tokio::test]
async fn a_cleanup_that_cannot_see_an_app_says_so() {
    let app = unticked().await;
    app.fly().fault(clawstead_tests::emulators::Fault { status: Some(503), times: Some(0), ..Default::default() });
    let order = json!({"path": "example:runFlyCleanup", "args": {"dryRun": false}});
    let refused = app.api().post("/api/action", &order).await.expect("clawstead answers");
    assert!(function_error(&refused).contains("remain"), "{}", refused.text);
}
