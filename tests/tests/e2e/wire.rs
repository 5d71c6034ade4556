//! The 16 functions of existing workers, field by field: names and sorts of what they answer (identity-telegram.md section 7,
//! rows 12 to 27).

use clawstead_tests::{App, FunctionKind, function_value};
use reqwest::Client;
use serde_json::{Value, json};

/// The names of an object's fields with the sort of each, in order.
fn shape(value: &Value) -> String {
    let Some(fields) = value.as_object() else { return sort(value).to_owned() };
    let mut fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}:{}", sort(value))).collect();
    fields.sort_unstable();
    fields.join(" ")
}

fn sort(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

#[tokio::test]
async fn every_function_of_workers_answers_in_the_shape_that_they_read() {
    use FunctionKind::{Mutation, Query};
    let app = App::start().await;
    let worker = app.worker().await;
    let ask = async |kind, name: &str, arguments: Value| function_value(&worker.call(kind, name, &arguments).await);
    let id = &worker.id;

    assert_eq!(ask(Query, "workerControlState", json!({"workerId": id})).await, json!({"shouldStop": false}));
    assert!(ask(Mutation, "workerClaim", json!({"workerId": id})).await.is_null());
    let manifest = ask(Query, "workerGlobalSkillsManifest", json!({})).await;
    let fields = "generatedAt:number layoutVersion:text manifestVersion:text releaseChannel:text skills:list workspaceId:text";
    assert_eq!(shape(&manifest), fields);

    let made = app.post("/v1/files", &json!({})).await.json;
    let brought = Client::new().post(made["upload_url"].as_str().expect("a URL")).body("pixels").send().await.expect("an answer");
    let brought: Value = brought.json().await.expect("JSON");
    assert_eq!(shape(&brought), "sha256:text sizeBytes:number storageId:text");
    let photo = json!({
        "kind": "photo", "storageId": brought["storageId"], "telegramFileId": "AgAC", "fileName": "a.jpg", "mimeType": "image/jpeg",
    });
    let enqueue = json!({
        "conversationId": "chat", "agentKey": "default", "provider": "telegram", "providerUserId": "5", "messageText": "look",
        "externalMessageId": "41", "metadata": {"telegramChatId": "5"}, "attachments": [photo],
    });
    function_value(&app.call(Mutation, "enqueue", &enqueue).await);

    let job = ask(Mutation, "workerClaim", json!({"workerId": id, "conversationId": "chat"})).await;
    assert_eq!(shape(&job), "agentKey:text conversationId:text leaseExpiresAt:number leaseId:text messageId:text payload:object");
    assert!(!job["messageId"].as_str().expect("an id").contains('/'), "it becomes part of file names");
    let payload = "attachments:list externalMessageId:text messageText:text metadata:object provider:text providerUserId:text";
    assert_eq!(shape(&job["payload"]), payload);
    assert_eq!(shape(&job["payload"]["metadata"]), "providerUserId:text telegramChatId:text");

    let held = json!({"workerId": id, "messageId": job["messageId"], "leaseId": job["leaseId"]});
    let bundle = ask(Query, "workerHydrationBundle", json!({"messageId": job["messageId"], "workspaceId": "default"})).await;
    let fields = "agentKey:text bridgeRuntimeConfig:null conversationId:text conversationState:object messageId:text \
                  payload:object telegramBotToken:text";
    assert_eq!(shape(&bundle), fields);
    assert_eq!(shape(&bundle["payload"]), payload);
    assert_eq!(shape(&bundle["conversationState"]), "contextHistory:list pendingToolCalls:list");
    let attachment = "downloadUrl:text expiresAt:number fileName:text kind:text mimeType:text sizeBytes:number status:text \
                      storageId:text telegramFileId:text";
    assert_eq!(shape(&bundle["payload"]["attachments"][0]), attachment);

    assert_eq!(ask(Mutation, "workerHeartbeat", held.clone()).await, json!(true));
    let attach = json!({"messageId": job["messageId"], "metadata": {"a": "b"}});
    assert_eq!(ask(Mutation, "workerAttachMessageMetadata", attach).await, json!(true));
    let media = ask(Mutation, "workerGenerateMediaUploadUrl", json!({})).await;
    assert_eq!(shape(&media), "uploadUrl:text");
    let stored = Client::new().post(media["uploadUrl"].as_str().expect("a URL")).body("voice").send().await.expect("an answer");
    let stored: Value = stored.json().await.expect("JSON");
    let url = ask(Query, "workerGetStorageFileUrl", json!({"storageId": stored["storageId"]})).await;
    assert_eq!(shape(&url), "text");
    assert!(ask(Query, "workerGetStorageFileUrl", json!({"storageId": "media_0"})).await.is_null());
    let turns = json!([{"role": "user", "content": "look", "at": 1}, {"role": "assistant", "content": "nice"}]);
    let append = json!({"conversationId": "chat", "workspaceId": "default", "messages": turns});
    let appended = ask(Mutation, "workerAppendConversationMessages", append).await;
    assert_eq!(appended, json!({"updated": true, "messageCount": 2}));
    let again = ask(Query, "workerHydrationBundle", json!({"messageId": job["messageId"], "workspaceId": "default"})).await;
    assert_eq!(shape(&again["conversationState"]["contextHistory"][1]), "at:number content:text role:text");

    let mut failed = held.clone();
    failed["errorMessage"] = json!("it broke");
    let outcome = ask(Mutation, "workerFail", failed.clone()).await;
    assert_eq!(shape(&outcome), "deadLettered:bool nextScheduledFor:number requeued:bool");
    assert_eq!(ask(Mutation, "workerComplete", held.clone()).await, json!(false), "the lease is gone");
    assert_eq!(ask(Mutation, "workerHeartbeat", held).await, json!(false));
    let late = ask(Mutation, "workerFail", failed).await;
    assert_eq!(late, json!({"requeued": false, "deadLettered": false, "nextScheduledFor": null}));
    assert_eq!(shape(&ask(Query, "workerConversationHasQueued", json!({"conversationId": "chat"})).await), "bool");

    let of = json!({"workspaceId": "default", "agentKey": "default", "conversationId": "chat"});
    assert!(ask(Query, "workerLatestSnapshotForRestore", of.clone()).await.is_null());
    let mut prepare = of.clone();
    (prepare["workerId"], prepare["reason"]) = (json!(id), json!("drain"));
    let prepared = ask(Mutation, "workerPrepareSnapshotUpload", prepare.clone()).await;
    assert_eq!(shape(&prepared), "expiresAt:number snapshotId:text uploadUrl:text");
    let memory =
        Client::new().post(prepared["uploadUrl"].as_str().expect("a URL")).body("memory").send().await.expect("an answer");
    let memory: Value = memory.json().await.expect("JSON");
    let finalize = json!({
        "workerId": id, "snapshotId": prepared["snapshotId"], "storageId": memory["storageId"], "sha256": memory["sha256"],
        "sizeBytes": memory["sizeBytes"],
    });
    assert_eq!(ask(Mutation, "workerFinalizeSnapshotUpload", finalize).await, json!(true));
    let offer = ask(Query, "workerLatestSnapshotForRestore", of).await;
    assert_eq!(shape(&offer), "createdAt:number downloadUrl:text sha256:text sizeBytes:number snapshotId:text");
    let prepared = ask(Mutation, "workerPrepareSnapshotUpload", prepare).await;
    let fail = json!({"workerId": id, "snapshotId": prepared["snapshotId"], "error": "tar: file changed"});
    assert_eq!(ask(Mutation, "workerFailSnapshotUpload", fail).await, json!(true));
}
