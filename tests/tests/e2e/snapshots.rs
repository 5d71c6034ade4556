//! Snapshots and files: from prepare to restore, over signed links, with the functions that existing workers call.

use clawstead_tests::snapshots::{
    MIB, block, finalize, holder, latest, prepare, read_back, snapshot, upload, uploaded, url, works_on,
};
use clawstead_tests::{App, FunctionKind, eventually, function_error, function_value, seed};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

async fn problem(answer: Response, status: u16, code: &str) {
    assert_eq!(answer.status().as_u16(), status);
    let body: Value = answer.json().await.expect("a problem is JSON");
    assert_eq!(body["code"], code, "{body}");
}

#[tokio::test]
async fn a_snapshot_is_restored_as_it_was_uploaded() {
    let app = App::start().await;
    let worker = holder(&app, "chat").await;
    assert_eq!(function_value(&latest(&worker, "chat").await), Value::Null);

    let snapshot_id = snapshot(&worker, "chat", b"what I know").await;

    let offer = function_value(&latest(&worker, "chat").await);
    assert_eq!((&offer["snapshotId"], &offer["sizeBytes"]), (&snapshot_id, &json!(11)));
    let answer = Client::new().get(url(&offer, "downloadUrl")).send().await.expect("the download is answered");
    assert_eq!(answer.headers()["content-length"], "11");
    assert!(!answer.headers().contains_key("content-encoding"));
    assert_eq!(answer.bytes().await.expect("a whole body"), b"what I know".as_slice());
    let listed = app.get("/v1/conversations/chat/snapshots").await;
    assert_eq!((listed.status, &listed.json["snapshots"][0]["status"]), (200, &json!("ready")), "{}", listed.text);
    assert!(!listed.text.contains("/files/"), "the list gives no way to the bytes");
}

#[tokio::test]
async fn links_are_for_one_upload_of_one_object() {
    let app = App::start().await;
    let worker = holder(&app, "chat").await;
    let (one, two) = (function_value(&prepare(&worker, "chat").await), function_value(&prepare(&worker, "chat").await));
    let (first, second) = (url(&one, "uploadUrl"), url(&two, "uploadUrl"));
    let stored = uploaded(first, "memory").await;
    let named_in = |url: &str| url.rsplit('/').next().and_then(|token| token.split('.').nth(1)).map(str::to_owned);
    let (named, other) = (named_in(first).expect("an id"), named_in(second).expect("an id"));

    problem(upload(first, "again").await, 409, "already_uploaded").await;
    problem(upload(&first.replace(&named, &other), "forged").await, 403, "link_invalid").await;
    problem(upload(&format!("{second}0"), "forged").await, 403, "link_invalid").await;
    problem(Client::new().get(second).send().await.expect("an answer"), 403, "link_invalid").await;
    let misnamed = finalize(&worker, &two, &stored, &stored["sha256"], &stored["sizeBytes"]).await;
    assert!(function_error(&misnamed).contains("invalid_field"));
    let put = Client::new().put(second).body("by PUT").send().await.expect("an answer");
    assert_eq!(put.status(), StatusCode::OK);
}

#[tokio::test]
async fn links_expire() {
    let app = App::builder().bot().config("retention", json!({"upload_ms": 100, "link_ms": 100})).start().await;
    let worker = holder(&app, "chat").await;
    let prepared = function_value(&prepare(&worker, "chat").await);
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    problem(upload(url(&prepared, "uploadUrl"), "late").await, 403, "link_expired").await;
    app.tick().await;
    assert_eq!(app.events("SnapshotExpired").await.len(), 1);
}

#[tokio::test]
async fn w37_what_came_to_nothing_does_not_hide_the_last_good_snapshot() {
    let app = App::start().await;
    let worker = holder(&app, "chat").await;
    let good = snapshot(&worker, "chat", b"good").await;
    let failed = function_value(&prepare(&worker, "chat").await);
    let arguments = json!({"workerId": worker.id, "snapshotId": failed["snapshotId"], "error": "tar: file changed"});
    assert_eq!(function_value(&worker.call(FunctionKind::Mutation, "workerFailSnapshotUpload", &arguments).await), true);
    function_value(&prepare(&worker, "chat").await);

    assert_eq!(function_value(&latest(&worker, "chat").await)["snapshotId"], good);
}

#[tokio::test]
async fn w39_other_figures_are_refused_and_a_good_snapshot_stays_good() {
    let app = App::start().await;
    let worker = holder(&app, "chat").await;
    let prepared = function_value(&prepare(&worker, "chat").await);
    let stored = uploaded(url(&prepared, "uploadUrl"), "memory").await;
    let not_its_own = json!("0".repeat(64));

    let refused = finalize(&worker, &prepared, &stored, &not_its_own, &stored["sizeBytes"]).await;
    assert!(function_error(&refused).contains("sha256"));
    let refused = finalize(&worker, &prepared, &stored, &stored["sha256"], &json!(-1)).await;
    assert!(function_error(&refused).contains("sizeBytes"));
    for _ in 0..2 {
        assert_eq!(function_value(&finalize(&worker, &prepared, &stored, &stored["sha256"], &stored["sizeBytes"]).await), true);
    }
    let arguments = json!({"workerId": worker.id, "snapshotId": prepared["snapshotId"], "error": "too late"});
    function_error(&worker.call(FunctionKind::Mutation, "workerFailSnapshotUpload", &arguments).await);
    assert_eq!(app.events("SnapshotReady").await.len(), 1);
}

/// The same over REST, with all bytes through us.
#[tokio::test]
async fn w39_workers_of_our_own_have_the_same_state_machine() {
    let app = App::start().await;
    let worker = holder(&app, "chat").await;
    let post = async |path: &str, body: &Value| worker.api.post(path, body).await.expect("clawstead answers");
    let start = json!({"workspace_id": "default", "agent_key": "default", "conversation_id": "chat", "reason": "signal"});
    let started = post("/v1/snapshots", &start).await;
    assert_eq!(started.status, 201, "{}", started.text);
    let at = |verb: &str| format!("/v1/snapshots/{}/{verb}", url(&started.json, "snapshot_id"));
    let none = worker.api.get("/v1/conversations/chat/snapshots/latest?agent_key=default").await.expect("an answer");
    assert_eq!(none.status, 204);

    let early = post(&at("finish"), &json!({"sha256": "0", "size_bytes": 6})).await;
    assert_eq!((early.status, &early.json["code"]), (409, &json!("upload_not_finished")));
    let put = Client::new().put(url(&started.json, "upload_url")).body("memory").send().await.expect("an answer");
    let stored: Value = put.json().await.expect("JSON");
    let figures = json!({"sha256": stored["sha256"], "size_bytes": stored["sizeBytes"]});
    assert_eq!(post(&at("finish"), &figures).await.status, 204);
    assert_eq!(post(&at("finish"), &figures).await.status, 204, "saying it again succeeds");
    let late = post(&at("fail"), &json!({"error": "late"})).await;
    assert_eq!((late.status, &late.json["code"]), (409, &json!("snapshot_already_ready")));

    let offer = worker.api.get("/v1/conversations/chat/snapshots/latest?agent_key=default").await.expect("an answer").json;
    let fetched = Client::new().get(url(&offer, "download_url")).send().await.expect("an answer").text().await.expect("text");
    assert_eq!((fetched.as_str(), &offer["sha256"]), ("memory", &stored["sha256"]));
    let listed = worker.api.get("/v1/conversations/chat/snapshots").await.expect("an answer");
    assert_eq!((listed.status, &listed.json["snapshots"][0]["status"]), (200, &json!("ready")), "{}", listed.text);
    let stranger = app.worker().await;
    app.enqueue("other", "hi").await;
    stranger.claim().await;
    let refused = stranger.api.get("/v1/conversations/chat/snapshots").await.expect("an answer");
    assert_eq!((refused.status, &refused.json["code"]), (409, &json!("conversation_not_yours")));

    let another = post("/v1/snapshots", &start).await.json;
    let given_up = format!("/v1/snapshots/{}/fail", url(&another, "snapshot_id"));
    assert_eq!(post(&given_up, &json!({"error": "tar: file changed"})).await.status, 204);
}

#[tokio::test]
async fn w43_a_file_that_is_too_large_is_answered_413() {
    let app = App::builder().bot().config("retention", json!({"snapshot_bytes_max": MIB})).start().await;
    let worker = holder(&app, "chat").await;
    let prepared = function_value(&prepare(&worker, "chat").await);
    problem(upload(url(&prepared, "uploadUrl"), vec![0; 8 * MIB]).await, 413, "file_too_large").await;
    assert_eq!(upload(url(&prepared, "uploadUrl"), vec![0; MIB]).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_worker_without_a_conversation_is_refused() {
    let app = App::start().await;
    let worker = app.worker().await;
    let arguments = json!({"workerId": worker.id, "workspaceId": "default", "agentKey": "default", "reason": "manual"});
    let refused = worker.call(FunctionKind::Mutation, "workerPrepareSnapshotUpload", &arguments).await;
    assert!(function_error(&refused).contains("conversationId"));
    app.enqueue("chat", "hi").await;
    function_error(&prepare(&worker, "chat").await);
}

#[tokio::test]
async fn a_worker_that_broke_off_its_restore_does_not_replace_the_memory() {
    let app = App::builder().bot().config("lease", json!({"silent_after_ms": 3_000})).start().await;
    let good = snapshot(&holder(&app, "chat").await, "chat", &[7; MIB]).await;
    let careless = app.worker().await;
    function_value(&latest(&careless, "chat").await);
    works_on(&app, &careless, "chat").await;
    snapshot(&careless, "chat", b"nothing").await;
    assert_eq!(function_value(&latest(&careless, "chat").await)["snapshotId"], good);

    let careful = app.worker().await;
    let offer = function_value(&latest(&careful, "chat").await);
    let body = Client::new().get(url(&offer, "downloadUrl")).send().await.expect("an answer").bytes().await.expect("a body");
    assert_eq!(body.len(), MIB);
    works_on(&app, &careful, "chat").await;
    let next = snapshot(&careful, "chat", b"more").await;
    assert_eq!(function_value(&latest(&careful, "chat").await)["snapshotId"], next);
}

/// As much as the environment asks for (`CLAWSTEAD_SNAPSHOT_MIB`), through components that have 64 MiB each.
#[tokio::test]
async fn a_snapshot_larger_than_a_components_memory_streams_both_ways() {
    let mib = std::env::var("CLAWSTEAD_SNAPSHOT_MIB").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    let app = App::builder().bot().memory_bytes_max(64 * MIB).start().await;
    let worker = holder(&app, "chat").await;
    let prepared = function_value(&prepare(&worker, "chat").await);

    let sent = futures::stream::iter((0..mib).map(|number| Ok::<_, std::io::Error>(block(number))));
    let stored = uploaded(url(&prepared, "uploadUrl"), reqwest::Body::wrap_stream(sent)).await;
    assert_eq!(stored["sizeBytes"], json!(mib * MIB));
    function_value(&finalize(&worker, &prepared, &stored, &stored["sha256"], &stored["sizeBytes"]).await);

    let offer = function_value(&latest(&worker, "chat").await);
    assert_eq!(offer["sha256"], stored["sha256"]);
    assert_eq!(read_back(url(&offer, "downloadUrl")).await, mib * MIB);
    assert_eq!(app.events("SnapshotFetched").await.len(), 1);
}

#[tokio::test]
async fn a_new_machine_starts_from_the_snapshot_of_the_one_before() {
    let app = App::builder().paired().machines(2).start().await;
    app.write(seed::USER_ID, "one").await;
    app.replies(seed::USER_ID, 1).await;

    let scaling = |idle_timeout_ms: i64| json!({"machines_max": 2, "spawn_step": 1, "idle_timeout_ms": idle_timeout_ms});
    app.put("/v1/config/scaling", &scaling(500)).await;
    eventually("the machine to hand in its memory", || async { (app.events("SnapshotAccepted").await.len() == 1).then_some(()) })
        .await;
    assert_eq!(app.events("SnapshotReady").await.len(), 1);

    app.put("/v1/config/scaling", &scaling(60_000)).await;
    app.write(seed::USER_ID, "two").await;
    app.replies(seed::USER_ID, 2).await;
    assert_eq!(app.events("SnapshotFetched").await.len(), 1);
}
