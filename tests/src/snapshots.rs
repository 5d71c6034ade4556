//! Workers that snapshot.

use clawstead_sandbox::Answer;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use crate::{App, FunctionKind, TestWorker, eventually, function_value};

/// Bytes.
pub const MIB: usize = 1 << 20;

/// A worker that has done a message of the conversation.
pub async fn holder(app: &App, conversation_id: &str) -> TestWorker {
    let worker = app.worker().await;
    works_on(app, &worker, conversation_id).await;
    worker
}

/// Has it do a message of the conversation.
pub async fn works_on(app: &App, worker: &TestWorker, conversation_id: &str) {
    app.enqueue(conversation_id, "hi").await;
    let job = eventually("a job of the conversation", || async { Some(worker.claim().await).filter(|job| !job.is_null()) }).await;
    assert_eq!(job["conversationId"], conversation_id);
    function_value(&worker.complete(&job).await);
}

/// `workerPrepareSnapshotUpload`.
pub async fn prepare(worker: &TestWorker, conversation_id: &str) -> Answer {
    let arguments = json!({
        "workerId": worker.id, "workspaceId": "default", "agentKey": "default", "conversationId": conversation_id, "reason": "signal",
    });
    worker.call(FunctionKind::Mutation, "workerPrepareSnapshotUpload", &arguments).await
}

/// `workerFinalizeSnapshotUpload`.
pub async fn finalize(worker: &TestWorker, prepared: &Value, stored: &Value, sha256: &Value, size: &Value) -> Answer {
    let arguments = json!({
        "workerId": worker.id, "snapshotId": prepared["snapshotId"], "storageId": stored["storageId"], "sha256": sha256, "sizeBytes": size,
    });
    worker.call(FunctionKind::Mutation, "workerFinalizeSnapshotUpload", &arguments).await
}

/// `workerLatestSnapshotForRestore`.
pub async fn latest(worker: &TestWorker, conversation_id: &str) -> Answer {
    let arguments = json!({"workspaceId": "default", "agentKey": "default", "conversationId": conversation_id});
    worker.call(FunctionKind::Query, "workerLatestSnapshotForRestore", &arguments).await
}

/// A URL in an answer.
pub fn url<'a>(of: &'a Value, field: &str) -> &'a str {
    of[field].as_str().unwrap_or_else(|| panic!("no {field} in {of}"))
}

/// Brings bytes to a link.
pub async fn upload(url: &str, bytes: impl Into<reqwest::Body>) -> Response {
    let request = Client::new().post(url).header("content-type", "application/gzip").body(bytes);
    request.send().await.expect("the upload is answered")
}

/// Brings bytes that are taken; what that is answered with.
pub async fn uploaded(url: &str, bytes: impl Into<reqwest::Body>) -> Value {
    let answer = upload(url, bytes).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.expect("an upload is answered with JSON")
}

/// A whole good snapshot of the conversation; its id.
pub async fn snapshot(worker: &TestWorker, conversation_id: &str, bytes: &'static [u8]) -> Value {
    let prepared = function_value(&prepare(worker, conversation_id).await);
    let stored = uploaded(url(&prepared, "uploadUrl"), bytes).await;
    let answer = finalize(worker, &prepared, &stored, &stored["sha256"], &stored["sizeBytes"]).await;
    assert_eq!(function_value(&answer), true);
    prepared["snapshotId"].clone()
}

/// Fetches what was made of [`block`]s; gives its length.
pub async fn read_back(url: &str) -> usize {
    let mut answer = Client::new().get(url).send().await.expect("an answer");
    let (mut length, mut expected) = (0, Vec::new());
    while let Some(bytes) = answer.chunk().await.expect("the body arrives whole") {
        for byte in &bytes {
            if length % MIB == 0 {
                expected = block(length / MIB);
            }
            assert_eq!(*byte, expected[length % MIB], "byte {length}");
            length += 1;
        }
    }
    length
}

/// A mebibyte that differs from every other.
pub fn block(number: usize) -> Vec<u8> {
    (0..MIB).map(|index| (index.wrapping_mul(31).wrapping_add(number.wrapping_mul(17)) >> 3) as u8).collect()
}
