//! Snapshots in an object store: a real S3 server beside clawstead.

use clawstead_s3_emulator::{ACCESS_KEY, BUCKET, REGION, S3, SECRET_KEY};
use clawstead_tests::snapshots::{MIB, block, finalize, holder, latest, prepare, read_back, snapshot, upload, uploaded, url};
use clawstead_tests::{App, AppBuilder, TestWorker, function_value};
use futures::future::join_all;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

trait Kept {
    fn kept_in(self, server: &S3) -> Self;
}

impl Kept for AppBuilder {
    fn kept_in(self, server: &S3) -> Self {
        self.variable("s3_endpoint", &server.endpoint())
            .variable("s3_region", REGION)
            .variable("s3_bucket", BUCKET)
            .variable("s3_access_key", ACCESS_KEY)
            .variable("s3_secret_key", SECRET_KEY)
    }
}

async fn server() -> S3 {
    S3::start().await.expect("the server starts")
}

async fn post(worker: &TestWorker, path: &str, body: &Value) -> clawstead_tests::Answer {
    worker.api.post(path, body).await.expect("clawstead answers")
}

/// As much as the environment asks for (`CLAWSTEAD_SNAPSHOT_MIB`), through components that have 64 MiB each, and more uploads at
/// once than an instance holds.
#[tokio::test]
async fn existing_workers_bring_and_fetch_through_us_in_little_memory() {
    let mib = std::env::var("CLAWSTEAD_SNAPSHOT_MIB").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let server = server().await;
    let app = App::builder().bot().memory_bytes_max(64 * MIB).kept_in(&server).start().await;
    let mut uploads = Vec::new();
    for number in 0..5 {
        let conversation = format!("chat-{number}");
        let worker = holder(&app, &conversation).await;
        let prepared = function_value(&prepare(&worker, &conversation).await);
        let length = if number == 0 { mib } else { 6 };
        let sent = futures::stream::iter((0..length).map(|number| Ok::<_, std::io::Error>(block(number))));
        uploads.push(async move {
            let stored = uploaded(url(&prepared, "uploadUrl"), reqwest::Body::wrap_stream(sent)).await;
            assert_eq!(stored["sizeBytes"], json!(length * MIB));
            function_value(&finalize(&worker, &prepared, &stored, &stored["sha256"], &stored["sizeBytes"]).await);
            worker
        });
    }
    let workers = join_all(uploads).await;
    assert_eq!((server.keys().len(), server.unfinished().len()), (5, 0));
    assert!(server.keys().iter().all(|key| key.starts_with("clawstead/snapshot_")), "{:?}", server.keys());

    let offer = function_value(&latest(&workers[0], "chat-0").await);
    assert_eq!(read_back(url(&offer, "downloadUrl")).await, mib * MIB);
    assert_eq!(app.events("SnapshotFetched").await.len(), 1);
}

#[tokio::test]
async fn what_nobody_owns_leaves_the_bucket_with_a_tick() {
    let server = server().await;
    let app = App::builder().bot().config("retention", json!({"snapshots_max": 1})).kept_in(&server).start().await;
    let worker = holder(&app, "chat").await;
    snapshot(&worker, "chat", b"first").await;
    snapshot(&worker, "chat", b"second").await;
    assert_eq!(server.keys().len(), 2);
    app.tick().await;
    assert_eq!(server.keys().len(), 1);
    let offer = function_value(&latest(&worker, "chat").await);
    assert_eq!(offer["sizeBytes"], 6);

    server.refuse(u32::MAX);
    let prepared = function_value(&prepare(&worker, "chat").await);
    assert_eq!(upload(url(&prepared, "uploadUrl"), "third").await.status(), StatusCode::BAD_GATEWAY);
    server.refuse(0);
    assert_eq!(function_value(&latest(&worker, "chat").await)["snapshotId"], offer["snapshotId"]);
}

#[tokio::test]
async fn workers_of_our_own_bring_and_fetch_without_us() {
    let server = server().await;
    let app = App::builder().bot().kept_in(&server).start().await;
    let worker = holder(&app, "chat").await;
    let start = json!({"workspace_id": "default", "agent_key": "default", "conversation_id": "chat", "reason": "signal"});
    let started = post(&worker, "/v1/snapshots", &start).await.json;
    let put = Client::new().put(url(&started, "upload_url")).body("memory").send().await.expect("an answer");
    assert!(url(&started, "upload_url").starts_with(&server.endpoint()) && put.status().is_success());

    let finish = format!("/v1/snapshots/{}/finish", url(&started, "snapshot_id"));
    let sha256 = "3d8c1a8ca2cb6ee79dd1f3ca4d4ed0ef4bc5c8a0d3bd2a6c2d3fe3d7b6be2f9b";
    let refused = post(&worker, &finish, &json!({"sha256": sha256, "size_bytes": 6})).await;
    assert_eq!((refused.status, &refused.json["field"]), (400, &json!("sha256")));
    let sha256 = clawstead_vault::sha256_hex("memory");
    let finished = post(&worker, &finish, &json!({"sha256": sha256, "size_bytes": 6})).await;
    assert_eq!(finished.status, 204, "{}", finished.text);

    let offer = worker.api.get("/v1/conversations/chat/snapshots/latest?agent_key=default").await.expect("an answer").json;
    let fetched = Client::new().get(url(&offer, "download_url")).send().await.expect("an answer");
    assert!(url(&offer, "download_url").starts_with(&server.endpoint()));
    assert_eq!(fetched.text().await.expect("text"), "memory");
    let say = format!("/v1/snapshots/{}/fetched", url(&offer, "snapshot_id"));
    assert_eq!(post(&worker, &say, &json!({"sha256": sha256})).await.status, 204);
    assert_eq!(app.events("SnapshotFetched").await.len(), 1);
}
