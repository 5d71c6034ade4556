//! Files of messages: brought by apps and by workers, and fetched by the worker that has the message.

use clawstead_tests::{App, FunctionKind, TestWorker, function_error, function_value};
use reqwest::Client;
use serde_json::{Value, json};

/// Brings a file through a link that the operator asks for; its storage id.
async fn stored(app: &App, bytes: &'static [u8]) -> String {
    let made = app.post("/v1/files", &json!({})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let storage_id = bring(made.json["upload_url"].as_str().expect("an upload URL"), bytes).await;
    assert_eq!(made.json["storage_id"], storage_id);
    storage_id
}

async fn bring(url: &str, bytes: &'static [u8]) -> String {
    let answer = Client::new().post(url).header("content-type", "image/jpeg").body(bytes).send().await.expect("an answer");
    let body: Value = answer.json().await.expect("an upload is answered with JSON");
    body["storageId"].as_str().unwrap_or_else(|| panic!("no storageId in {body}")).to_owned()
}

async fn fetch(url: &Value) -> Vec<u8> {
    let answer = Client::new().get(url.as_str().expect("a URL")).send().await.expect("an answer");
    answer.bytes().await.expect("a body").to_vec()
}

async fn send(app: &App, attachments: &Value) -> clawstead_sandbox::Answer {
    let arguments = json!({
        "conversationId": "chat", "agentKey": "default", "provider": "app", "providerUserId": "ada", "messageText": "look",
        "attachments": attachments,
    });
    app.call(FunctionKind::Mutation, "enqueue", &arguments).await
}

async fn hydrated(worker: &TestWorker) -> Value {
    let job = worker.claim().await;
    function_value(&worker.hydrate(&job).await)["payload"].clone()
}

#[tokio::test]
async fn an_attachment_reaches_the_worker() {
    let app = App::start().await;
    let storage_id = stored(&app, b"pixels").await;
    let photo = json!({"kind": "photo", "status": "ready", "storageId": storage_id, "telegramFileId": "AgAC", "sizeBytes": 1});
    function_value(&send(&app, &json!([photo])).await);

    let payload = hydrated(&app.worker().await).await;

    let attachment = &payload["attachments"][0];
    assert_eq!((&attachment["status"], &attachment["sizeBytes"]), (&json!("ready"), &json!(6)), "{attachment}");
    assert_eq!(fetch(&attachment["downloadUrl"]).await, b"pixels");
}

#[tokio::test]
async fn a_missing_file_does_not_lose_the_text_and_a_download_url_is_not_the_senders_to_give() {
    let app = App::start().await;
    let missing = json!({"kind": "photo", "storageId": "attachment_0", "telegramFileId": "AgAC", "expiresAt": 1});
    function_value(&send(&app, &json!([missing])).await);
    let mut planted = missing.clone();
    planted["downloadUrl"] = json!("https://example.org/planted");
    assert!(function_error(&send(&app, &json!([planted])).await).contains("downloadUrl"));

    let payload = hydrated(&app.worker().await).await;

    assert_eq!((&payload["messageText"], &payload["attachments"][0]["status"]), (&json!("look"), &json!("failed")), "{payload}");
    assert!(payload["attachments"][0]["downloadUrl"].is_null());
}

#[tokio::test]
async fn a_worker_stores_media_of_its_message_and_others_do_not_see_it() {
    let app = App::start().await;
    let (worker, other) = (app.worker().await, app.worker().await);
    app.enqueue("chat", "listen").await;
    function_error(&worker.call(FunctionKind::Mutation, "workerGenerateMediaUploadUrl", &json!({})).await);
    let job = worker.claim().await;

    let made = function_value(&worker.call(FunctionKind::Mutation, "workerGenerateMediaUploadUrl", &json!({})).await);
    let storage_id = bring(made["uploadUrl"].as_str().expect("an upload URL"), b"voice").await;
    let named = json!({"storageId": storage_id});
    let url = function_value(&worker.call(FunctionKind::Query, "workerGetStorageFileUrl", &named).await);
    assert_eq!(fetch(&url).await, b"voice");
    assert!(function_value(&other.call(FunctionKind::Query, "workerGetStorageFileUrl", &named).await).is_null());

    let attached = json!({"messageId": job["messageId"], "metadata": {"telegramVoiceStorageId": storage_id}});
    assert_eq!(function_value(&worker.call(FunctionKind::Mutation, "workerAttachMessageMetadata", &attached).await), true);
    assert_eq!(function_value(&other.call(FunctionKind::Mutation, "workerAttachMessageMetadata", &attached).await), false);
    let bundle = function_value(&worker.hydrate(&job).await);
    assert_eq!(bundle["payload"]["metadata"]["telegramVoiceStorageId"], json!(storage_id));
}

#[tokio::test]
async fn a_worker_of_our_own_has_the_same_over_rest() {
    let app = App::start().await;
    let storage_id = stored(&app, b"pixels").await;
    function_value(&send(&app, &json!([{"kind": "photo", "storageId": storage_id}])).await);
    let (worker, other) = (app.worker().await, app.worker().await);
    let post = async |path: &str, body: &Value| worker.api.post(path, body).await.expect("clawstead answers");
    assert_eq!(post("/v1/media", &json!({})).await.status, 409);
    let job = post("/v1/claim", &json!({})).await.json;
    let message = format!("/v1/messages/{}", job["message_id"].as_str().expect("an id"));

    let bundle = worker.api.get(&message).await.expect("an answer").json;
    assert_eq!(bundle["attachments"][0]["status"], "ready", "{bundle}");
    assert_eq!(fetch(&bundle["attachments"][0]["download_url"]).await, b"pixels");

    let made = post("/v1/media", &json!({})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let brought = bring(made.json["upload_url"].as_str().expect("an upload URL"), b"voice").await;
    let path = format!("/v1/media/{brought}");
    let found = worker.api.get(&path).await.expect("an answer").json;
    assert_eq!(fetch(&found["download_url"]).await, b"voice");
    assert_eq!(other.api.get(&path).await.expect("an answer").status, 404);

    let metadata = json!({"metadata": {"voice": brought}});
    assert_eq!(post(&format!("{message}/metadata"), &metadata).await.status, 204);
    assert_eq!(other.api.post(&format!("{message}/metadata"), &metadata).await.expect("an answer").status, 409);
    let bundle = worker.api.get(&message).await.expect("an answer").json;
    assert_eq!(bundle["message"]["metadata"]["voice"], json!(brought));
}
