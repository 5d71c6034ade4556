//! Functions of workers. The worker is the one whose token is in the path; arguments that name another are refused.

use clawstead_domain::RefusalKind;
use clawstead_domain::conversation::{Ending, NewTurn};
use clawstead_operations::OperationError;
use clawstead_operations::queue::{self, BridgeRuntime, Wish};
use clawstead_operations::workers::Worker;
use clawstead_service::spin::App;
use clawstead_service::{Call, Operation, Problem, json};
use clawstead_vault::Secret;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::table::Function;
use crate::{media, skills, snapshots};

pub(crate) async fn run(app: &App, call: &Call, function: &Function, args: Value) -> Result<Value, Problem> {
    match function.operation {
        Operation::WorkerControl => control(call, args),
        Operation::WorkerClaim => claim(app, call, args).await,
        Operation::WorkerHasQueued => has_queued(app, call, args).await,
        Operation::WorkerHydrate => hydrate(app, call, args).await,
        Operation::WorkerHeartbeat => heartbeat(app, call, args).await,
        Operation::WorkerAppendTurns => append_turns(app, call, args).await,
        Operation::WorkerComplete => complete(app, call, args).await,
        Operation::WorkerFail => fail(app, call, args).await,
        Operation::WorkerStartSnapshot => snapshots::start(app, call, args).await,
        Operation::WorkerFinishSnapshot => snapshots::finish(app, call, args).await,
        Operation::WorkerFailSnapshot => snapshots::fail(app, call, args).await,
        Operation::WorkerLatestSnapshot => snapshots::latest(app, call, args).await,
        Operation::WorkerExpectMedia => media::generate_upload_url(app, call, args).await,
        Operation::WorkerFileUrl => media::file_url(app, call, args).await,
        Operation::WorkerAttachMetadata => media::attach_metadata(app, call, args).await,
        Operation::WorkerSkillsManifest => skills::manifest(app, call, args).await,
        other => Err(Problem::internal(format!("{} has no function", other.name()))),
    }
}

/// The worker of the token, if the arguments name no other.
pub(crate) fn this_worker<'a>(call: &'a Call, worker_id: &str) -> Result<&'a Worker, Problem> {
    let worker = call.worker()?;
    if worker.worker_id == worker_id {
        return Ok(worker);
    }
    let other = Problem::new(StatusCode::FORBIDDEN, "not_this_worker", "the token belongs to another worker");
    Err(Problem { field: Some("workerId".to_owned()), ..other })
}

/// Whoever speaks this protocol cannot work without a bot token.
fn with_bot(worker: &Worker) -> Worker {
    Worker { needs_bot: true, ..worker.clone() }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ControlArgs {
    worker_id: String,
}

fn control(call: &Call, args: Value) -> Result<Value, Problem> {
    let args: ControlArgs = json::from_value(args)?;
    Ok(json!({ "shouldStop": !this_worker(call, &args.worker_id)?.state.takes_work() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ClaimArgs {
    worker_id: String,
    conversation_id: Option<String>,
}

async fn claim(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let args: ClaimArgs = json::from_value(args)?;
    let worker = with_bot(this_worker(call, &args.worker_id)?);
    let spread = &app.queue_watch.spread;
    let wish = Wish { conversation_id: args.conversation_id.as_deref(), claim_key: None };
    let Some(job) = queue::claim_among(&app.cx(call), spread, &worker, wish).await? else {
        return Ok(Value::Null);
    };
    Ok(json!({
        "messageId": job.message_id, "conversationId": job.conversation_id, "agentKey": job.agent_key,
        "leaseId": job.lease_id, "leaseExpiresAt": job.lease_expires_at, "payload": payload(&job.message),
    }))
}

/// A message as existing clients read it, from the data of its event.
pub(crate) fn payload(message: &Value) -> Value {
    let mut metadata = message["metadata"].clone();
    metadata["providerUserId"] = message["provider_user_id"].clone();
    let mut payload = json!({
        "provider": message["provider"], "providerUserId": message["provider_user_id"], "messageText": message["text"],
        "metadata": metadata, "attachments": [],
    });
    if message["external_id"].is_string() {
        payload["externalMessageId"] = message["external_id"].clone();
    }
    payload
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct HasQueuedArgs {
    conversation_id: String,
}

async fn has_queued(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let args: HasQueuedArgs = json::from_value(args)?;
    Ok(json!(queue::has_queued(&app.cx(call), &with_bot(call.worker()?), &args.conversation_id).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct HydrateArgs {
    message_id: String,
    #[serde(rename = "workspaceId")]
    _workspace_id: String,
}

async fn hydrate(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let args: HydrateArgs = json::from_value(args)?;
    let bundle = queue::hydrate(&app.cx(call), app.settings.keys()?, call.worker()?, &args.message_id).await?;
    let mut payload = payload(&bundle.message);
    payload["attachments"] = media::attachments(app, call, &bundle.message).await?;
    Ok(json!({
        "messageId": bundle.message_id, "conversationId": bundle.conversation_id, "agentKey": bundle.agent_key,
        "payload": payload,
        "conversationState": { "contextHistory": bundle.history(), "pendingToolCalls": [] },
        "telegramBotToken": bundle.bot_token.as_ref().map(Secret::expose),
        "bridgeRuntimeConfig": bundle.bridge.as_ref().map(bridge),
    }))
}

fn bridge(bridge: &BridgeRuntime) -> Value {
    json!({
        "serviceKey": bridge.service_key.as_ref().map(Secret::expose), "serviceKeySecretRef": bridge.service_key_ref,
        "baseUrl": bridge.base_url, "appBaseUrlMapJson": bridge.base_url_map, "serviceId": bridge.service_id,
        "appKey": bridge.app_key, "botIdentity": bridge.bot_id,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct HolderArgs {
    worker_id: String,
    message_id: String,
    lease_id: String,
}

impl HolderArgs {
    fn ending(&self) -> Ending<'_> {
        Ending { worker_id: &self.worker_id, message_id: &self.message_id, lease_id: &self.lease_id }
    }
}

/// The protocol has one word for every way of not having the lease: false.
pub(crate) fn held<T>(outcome: Result<T, OperationError>) -> Result<Option<T>, Problem> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(OperationError::Refused(refusal)) if matches!(refusal.kind, RefusalKind::Conflict | RefusalKind::NotFound) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

async fn heartbeat(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let args: HolderArgs = json::from_value(args)?;
    this_worker(call, &args.worker_id)?;
    Ok(json!(held(queue::heartbeat(&app.cx(call), args.ending()).await)?.is_some()))
}

async fn complete(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let args: HolderArgs = json::from_value(args)?;
    this_worker(call, &args.worker_id)?;
    Ok(json!(held(queue::complete(&app.cx(call), args.ending()).await)?.is_some()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FailArgs {
    worker_id: String,
    message_id: String,
    lease_id: String,
    error_message: String,
}

async fn fail(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let args: FailArgs = json::from_value(args)?;
    this_worker(call, &args.worker_id)?;
    let ending = Ending { worker_id: &args.worker_id, message_id: &args.message_id, lease_id: &args.lease_id };
    let Some(failed) = held(queue::fail(&app.cx(call), ending, &args.error_message).await)? else {
        return Ok(json!({ "requeued": false, "deadLettered": false, "nextScheduledFor": null }));
    };
    let next = (!failed.dead_lettered).then_some(failed.ready_at);
    Ok(json!({ "requeued": !failed.dead_lettered, "deadLettered": failed.dead_lettered, "nextScheduledFor": next }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AppendArgs {
    conversation_id: String,
    #[serde(rename = "workspaceId")]
    _workspace_id: Option<String>,
    messages: Vec<NewTurn>,
}

async fn append_turns(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let args: AppendArgs = json::from_value(args)?;
    let appended = queue::append_turns(&app.cx(call), call.worker()?, &args.conversation_id, &args.messages).await?;
    Ok(json!({ "updated": true, "messageCount": appended.turn_count }))
}
