//! Rows 74 to 77 and 79 to 81: what a conversation holds, in the words of existing clients, and speaking in it as a user.

use std::collections::BTreeMap;

use clawstead_domain::conversation::Status;
use clawstead_operations::OperationError;
use clawstead_operations::queue::{self, MessageItem, Page, Said, Sent, UserMessage};
use clawstead_operations::snapshots::{self, SnapshotView};
use clawstead_service::spin::App;
use clawstead_service::{Call, Principal, Problem, json};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::consumer::cx_of;
use crate::table::Function;
use crate::worker::payload;

const LIMIT_DEFAULT: i64 = 100;
const LIMIT_MAX: i64 = 500;

pub(crate) async fn messages(app: &App, call: &Call, function: &Function, args: Value) -> Result<Value, Problem> {
    match function.name {
        "listQueueItemsForConversation" => of_conversation(app, call, args).await,
        _ => of_user_agent(app, call, args).await,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ConversationArgs {
    conversation_id: String,
    limit: Option<i64>,
}

async fn of_conversation(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let ConversationArgs { conversation_id, limit } = json::from_value(args)?;
    let found = queue::messages(&app.cx(call), &conversation_id, None, Page::Newest, clamped(limit)).await;
    match found {
        Ok(found) => Ok(found.iter().map(item).collect()),
        Err(OperationError::Refused(refusal)) if refusal.code == "conversation_not_found" => Ok(json!([])),
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct UserAgentArgs {
    consumer_user_id: String,
    agent_key: String,
    statuses: Option<Vec<Word>>,
    limit: Option<i64>,
}

/// A state as existing clients know it. Nothing of ours is just `failed`: what ended without an answer and is no dead letter
/// was withdrawn or put away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Queued,
    Processing,
    Done,
    Failed,
    DeadLetter,
}

impl Word {
    fn statuses(self) -> &'static [Status] {
        match self {
            Self::Queued => &[Status::Queued],
            Self::Processing => &[Status::Processing],
            Self::Done => &[Status::Done],
            Self::Failed => &[Status::Cancelled, Status::Discarded],
            Self::DeadLetter => &[Status::DeadLetter],
        }
    }
}

async fn of_user_agent(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let UserAgentArgs { consumer_user_id, agent_key, statuses, limit } = json::from_value(args)?;
    let mut wanted: Option<Vec<Status>> = None;
    if let Some(words) = statuses {
        let each = Status::ALL.into_iter().filter(|status| words.iter().any(|word| word.statuses().contains(status)));
        wanted = Some(each.collect());
    }
    let found = queue::user_messages(&app.cx(call), &consumer_user_id, &agent_key, wanted.as_deref(), clamped(limit)).await?;
    Ok(found.iter().map(item).collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ViewArgs {
    consumer_user_id: String,
    agent_key: String,
    limit: Option<i64>,
}

pub(crate) async fn show(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let ViewArgs { consumer_user_id, agent_key, limit } = json::from_value(args)?;
    let found = queue::user_conversation(&app.cx(call), &consumer_user_id, &agent_key, clamped(limit)).await?;
    let history: Vec<Value> =
        found.turns.iter().map(|turn| json!({ "role": turn.role, "content": turn.content, "at": turn.at })).collect();
    Ok(json!({
        "conversationId": found.conversation_id, "contextHistory": history, "pendingToolCalls": [],
        "queueItems": found.items.iter().map(item).collect::<Vec<_>>(), "hasQueuedJobs": found.has_open,
        "latestMessageId": found.items.first().map(|item| &item.view.message_id),
        "lastUserMessageAt": found.user_turn_at, "lastAssistantMessageAt": found.agent_turn_at,
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SendArgs {
    consumer_user_id: String,
    agent_key: String,
    content: String,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

pub(crate) async fn send(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let SendArgs { consumer_user_id, agent_key, content, metadata } = json::from_value(args)?;
    let message = UserMessage { consumer_user_id, agent_key, said: Said::Text(content), metadata, request_hash: None };
    let sent = send_once(app, call, principal, message).await?;
    Ok(json!(sent.accepted.message_id))
}

/// Existing clients send no `Idempotency-Key`; with one, a call is good for one message.
pub(crate) async fn send_once(app: &App, call: &Call, principal: &Principal, message: UserMessage) -> Result<Sent, Problem> {
    let key = call.message_key(principal)?;
    let message = UserMessage { request_hash: key.as_ref().map(|_| call.request_hash()), ..message };
    let sent = queue::send_as_user(&cx_of(app, call, principal), &message, key).await?;
    call.enqueued.set(!sent.accepted.repeated);
    Ok(sent)
}

const SNAPSHOTS_DEFAULT: i64 = 50;
const SNAPSHOTS_MAX: i64 = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SnapshotArgs {
    consumer_user_id: String,
    agent_key: String,
    limit: Option<i64>,
}

/// Rows 79 to 81.
pub(crate) async fn snapshots(app: &App, call: &Call, function: &Function, args: Value) -> Result<Value, Problem> {
    let cx = app.cx(call);
    let bounded = |limit: Option<i64>| limit.unwrap_or(SNAPSHOTS_DEFAULT).clamp(1, SNAPSHOTS_MAX);
    if function.name == "listSnapshotsForConversation" {
        let ConversationArgs { conversation_id, limit } = json::from_value(args)?;
        let found = snapshots::list(&cx, &conversation_id, i64::MAX, bounded(limit)).await?;
        return Ok(found.iter().map(snapshot).collect());
    }
    let SnapshotArgs { consumer_user_id, agent_key, limit } = json::from_value(args)?;
    let newest_only = function.name == "getLatestSnapshotForUserAgent";
    let limit = if newest_only { 1 } else { bounded(limit) };
    let found = snapshots::list_of_user_agent(&cx, &consumer_user_id, &agent_key, limit).await?;
    let mut shown = found.iter().map(snapshot);
    Ok(if newest_only { shown.next().unwrap_or(Value::Null) } else { shown.collect() })
}

/// Without a way to its bytes, which hold the keys that a worker had: only workers are given links.
fn snapshot(snapshot: &SnapshotView) -> Value {
    json!({
        "snapshotId": snapshot.snapshot_id, "createdAt": snapshot.created_at, "sizeBytes": snapshot.size_bytes,
        "sha256": snapshot.sha256, "downloadUrl": null, "status": snapshot.status, "conversationId": snapshot.conversation_id,
    })
}

fn clamped(limit: Option<i64>) -> i64 {
    limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX)
}

fn item(item: &MessageItem) -> Value {
    let view = &item.view;
    let status = match Status::parse(&view.status) {
        Some(Status::Cancelled | Status::Discarded) => "failed",
        _ => view.status.as_str(),
    };
    json!({
        "_id": view.message_id, "_creationTime": view.enqueued_at, "conversationId": view.conversation_id,
        "agentKey": view.agent_key, "status": status, "priority": view.priority, "scheduledFor": view.ready_at,
        "attempts": view.attempts, "maxAttempts": view.max_attempts, "lastError": view.last_error,
        "payload": payload(&item.message),
    })
}
