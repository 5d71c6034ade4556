//! A small control plane that serves one worker and checks the form of every call.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::LONG;

/// Function, kind, required arguments, optional arguments.
const FUNCTIONS: [(&str, &str, &[&str], &[&str]); 16] = [
    ("workerClaim", "mutation", &["workerId"], &["conversationId"]),
    ("workerHeartbeat", "mutation", &["workerId", "messageId", "leaseId"], &[]),
    ("workerComplete", "mutation", &["workerId", "messageId", "leaseId"], &[]),
    ("workerFail", "mutation", &["workerId", "messageId", "leaseId", "errorMessage"], &[]),
    ("workerHydrationBundle", "query", &["messageId", "workspaceId"], &[]),
    ("workerGlobalSkillsManifest", "query", &[], &["workspaceId", "workerId", "releaseChannel"]),
    ("workerConversationHasQueued", "query", &["conversationId"], &[]),
    ("workerAppendConversationMessages", "mutation", &["conversationId", "messages"], &["workspaceId"]),
    ("workerControlState", "query", &["workerId"], &[]),
    ("workerPrepareSnapshotUpload", "mutation", &["workerId", "workspaceId", "agentKey", "reason"], &["conversationId"]),
    ("workerFinalizeSnapshotUpload", "mutation", &["workerId", "snapshotId", "storageId", "sha256", "sizeBytes"], &[]),
    ("workerFailSnapshotUpload", "mutation", &["workerId", "snapshotId", "error"], &[]),
    ("workerLatestSnapshotForRestore", "query", &["workspaceId", "agentKey", "conversationId"], &[]),
    ("workerGenerateMediaUploadUrl", "mutation", &[], &[]),
    ("workerGetStorageFileUrl", "query", &["storageId"], &[]),
    ("workerAttachMessageMetadata", "mutation", &["messageId", "metadata"], &[]),
];

/// What the plane has and what it saw.
#[derive(Default)]
pub(crate) struct Inside {
    /// Function and arguments, in order.
    pub(crate) calls: Vec<(String, Value)>,
    /// Calls that were not in the protocol's form.
    pub(crate) violations: Vec<String>,
    /// Uploaded bodies with their content types.
    pub(crate) uploads: Vec<(String, Vec<u8>)>,
    /// Jobs to be claimed.
    pub(crate) jobs: VecDeque<Value>,
    /// Answers instead of the usual ones, once each: a value, or a refusal.
    pub(crate) instead: BTreeMap<String, VecDeque<Result<Value, String>>>,
    /// What hydration adds to a job.
    pub(crate) bot_token: Option<String>,
    pub(crate) attachments: Vec<Value>,
    pub(crate) should_stop: bool,
    pub(crate) snapshots_refused: bool,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) manifest: Option<Value>,
    /// Snapshot offered for restore: file name and checksum.
    pub(crate) latest: Option<(String, String)>,
    claimed: BTreeMap<String, Value>,
}

struct Shared {
    inside: Mutex<Inside>,
    changes: watch::Sender<u64>,
    base: String,
}

#[derive(Clone)]
pub(crate) struct Plane(Arc<Shared>);

impl Plane {
    pub(crate) async fn start() -> Plane {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let plane = Plane(Arc::new(Shared { inside: Mutex::default(), changes: watch::Sender::new(0), base }));
        let router = Router::new()
            .route("/worker/secret/api/{kind}", post(call))
            .route("/upload", post(upload))
            .route("/files/{name}", get(file))
            .with_state(plane.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        plane
    }

    /// What a worker is given as `CONVEX_URL`.
    pub(crate) fn worker_url(&self) -> String {
        format!("{}/worker/secret", self.0.base)
    }

    pub(crate) fn base(&self) -> &str {
        &self.0.base
    }

    pub(crate) fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.inside.lock().unwrap()
    }

    /// Queues a Telegram job.
    pub(crate) fn enqueue(&self, message_id: &str, chat_id: i64, text: &str) {
        self.enqueue_payload(
            message_id,
            &json!({ "provider": "telegram", "providerUserId": chat_id.to_string(), "messageText": text }),
        );
    }

    pub(crate) fn enqueue_payload(&self, message_id: &str, payload: &Value) {
        self.inside().jobs.push_back(json!({
            "messageId": message_id,
            "conversationId": "conversation-1",
            "agentKey": "agent-1",
            "leaseId": format!("lease-{message_id}"),
            "leaseExpiresAt": 0,
            "payload": payload,
        }));
    }

    pub(crate) fn answer_instead(&self, function: &str, answer: Result<Value, &str>) {
        let answers = &mut self.inside().instead;
        answers.entry(function.to_owned()).or_default().push_back(answer.map_err(str::to_owned));
    }

    pub(crate) fn calls_of(&self, function: &str) -> Vec<Value> {
        let inside = self.inside();
        inside.calls.iter().filter(|(name, _)| name == function).map(|(_, args)| args.clone()).collect()
    }

    /// The functions called, in order, without the polling.
    pub(crate) fn sequence(&self) -> Vec<String> {
        let polling = ["workerControlState", "workerClaim", "workerConversationHasQueued"];
        let inside = self.inside();
        inside.calls.iter().map(|(name, _)| name.clone()).filter(|name| !polling.contains(&name.as_str())).collect()
    }

    pub(crate) async fn wait_until(&self, what: &str, reached: impl Fn(&Inside) -> bool) {
        let mut changes = self.0.changes.subscribe();
        let waiting = async {
            while !reached(&self.inside()) {
                changes.changed().await.expect("the plane lives");
            }
        };
        if tokio::time::timeout(LONG, waiting).await.is_err() {
            panic!("{what} did not happen; calls: {:?}", self.inside().calls);
        }
    }

    pub(crate) async fn wait_for_calls(&self, function: &str, count: usize) {
        self.wait_until(function, |inside| inside.calls.iter().filter(|(name, _)| name == function).count() >= count).await;
    }

    pub(crate) fn assert_no_violations(&self) {
        assert_eq!(self.inside().violations, Vec::<String>::new());
    }
}

async fn call(State(plane): State<Plane>, Path(kind): Path<String>, Json(body): Json<Value>) -> Response {
    let name = body["path"].as_str().unwrap_or_default().rsplit(':').next().unwrap_or_default().to_owned();
    let args = body["args"].clone();
    let answer = {
        let mut inside = plane.inside();
        if let Err(violation) = check(&kind, &name, &body) {
            inside.violations.push(violation);
        }
        inside.calls.push((name.clone(), args.clone()));
        let instead = inside.instead.get_mut(&name).and_then(VecDeque::pop_front);
        instead.unwrap_or_else(|| usual(&mut inside, &plane.0.base, &name, &args))
    };
    plane.0.changes.send_modify(|version| *version += 1);
    match answer {
        Ok(value) => Json(json!({ "status": "success", "value": value, "logLines": [] })).into_response(),
        Err(why) => Json(json!({ "status": "error", "errorMessage": why })).into_response(),
    }
}

fn check(kind: &str, name: &str, body: &Value) -> Result<(), String> {
    let definition = FUNCTIONS.iter().find(|(function, ..)| *function == name);
    let (_, right_kind, required, optional) = definition.ok_or_else(|| format!("unknown function {name}"))?;
    if kind != *right_kind {
        return Err(format!("{name} called as {kind}"));
    }
    if body["format"] != "json" {
        return Err(format!("{name} without format json"));
    }
    let args = body["args"].as_object().ok_or_else(|| format!("{name}: args are no object"))?;
    for field in *required {
        if args.get(*field).is_none_or(Value::is_null) {
            return Err(format!("{name} without {field}"));
        }
    }
    let known = |field: &&String| required.contains(&field.as_str()) || optional.contains(&field.as_str());
    match args.keys().find(|field| !known(field)) {
        Some(field) => Err(format!("{name} with unknown {field}")),
        None => Ok(()),
    }
}

fn usual(inside: &mut Inside, base: &str, name: &str, args: &Value) -> Result<Value, String> {
    Ok(match name {
        "workerControlState" => json!({ "shouldStop": inside.should_stop }),
        "workerClaim" => match inside.jobs.pop_front() {
            None => Value::Null,
            Some(job) => {
                inside.claimed.insert(job["messageId"].as_str().unwrap().to_owned(), job.clone());
                job
            }
        },
        "workerHydrationBundle" => {
            let job = inside.claimed.get(args["messageId"].as_str().unwrap()).ok_or("not claimed")?;
            let mut payload = job["payload"].clone();
            payload["attachments"] = json!(inside.attachments);
            json!({
                "messageId": job["messageId"],
                "conversationId": job["conversationId"],
                "agentKey": job["agentKey"],
                "payload": payload,
                "conversationState": {
                    "contextHistory": [{ "role": "user", "content": "before" }],
                    "pendingToolCalls": [],
                },
                "telegramBotToken": inside.bot_token,
                "bridgeRuntimeConfig": null,
            })
        }
        "workerConversationHasQueued" => json!(!inside.jobs.is_empty()),
        "workerAppendConversationMessages" => json!({ "updated": true, "messageCount": 2 }),
        "workerFail" => json!({ "requeued": true, "deadLettered": false, "nextScheduledFor": 1 }),
        "workerGlobalSkillsManifest" => inside.manifest.clone().unwrap_or(Value::Null),
        "workerLatestSnapshotForRestore" => match &inside.latest {
            None => Value::Null,
            Some((name, sha256)) => json!({
                "snapshotId": "snapshot-0",
                "downloadUrl": format!("{base}/files/{name}"),
                "sha256": sha256,
                "sizeBytes": null,
                "createdAt": 1,
            }),
        },
        "workerPrepareSnapshotUpload" if inside.snapshots_refused => return Err("snapshots: not available".to_owned()),
        "workerPrepareSnapshotUpload" => {
            json!({ "snapshotId": "snapshot-1", "uploadUrl": format!("{base}/upload"), "expiresAt": 1 })
        }
        "workerGenerateMediaUploadUrl" => json!({ "uploadUrl": format!("{base}/upload") }),
        "workerGetStorageFileUrl" => json!(format!("{base}/files/{}", args["storageId"].as_str().unwrap())),
        _ => json!(true),
    })
}

async fn upload(State(plane): State<Plane>, headers: HeaderMap, body: axum::body::Bytes) -> Json<Value> {
    let content_type = headers["content-type"].to_str().unwrap().to_owned();
    let mut inside = plane.inside();
    inside.uploads.push((content_type, body.to_vec()));
    let storage_id = format!("storage-{}", inside.uploads.len());
    inside.files.insert(storage_id.clone(), body.to_vec());
    Json(json!({ "storageId": storage_id }))
}

async fn file(State(plane): State<Plane>, Path(name): Path<String>) -> Response {
    match plane.inside().files.get(&name) {
        Some(bytes) => bytes.clone().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
