//! Snapshot functions of workers.

use clawstead_domain::snapshot::{Figures, Reason, Start};
use clawstead_domain::{Refusal, RefusalKind};
use clawstead_operations::OperationError;
use clawstead_operations::snapshots::{self, Finish};
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, json};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::worker::this_worker;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct StartArgs {
    worker_id: String,
    workspace_id: String,
    agent_key: String,
    conversation_id: String,
    reason: Reason,
}

pub(crate) async fn start(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let args: StartArgs = json::from_value(args)?;
    let worker = this_worker(call, &args.worker_id)?;
    let StartArgs { workspace_id, agent_key, conversation_id, reason, .. } = args;
    let command = Start { workspace_id, agent_key, conversation_id, reason };
    let started = snapshots::start(&app.cx(call), &app.links()?, worker, &command).await?;
    Ok(json!({ "snapshotId": started.snapshot_id, "uploadUrl": started.upload_url, "expiresAt": started.expires_at }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FinishArgs {
    worker_id: String,
    snapshot_id: String,
    storage_id: String,
    sha256: String,
    size_bytes: i64,
}

pub(crate) async fn finish(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let args: FinishArgs = json::from_value(args)?;
    let worker = this_worker(call, &args.worker_id)?;
    let figures = Figures { sha256: args.sha256, size_bytes: args.size_bytes };
    let command = Finish { snapshot_id: &args.snapshot_id, storage_id: Some(&args.storage_id), figures };
    known(snapshots::finish(&app.cx(call), worker, &command).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FailArgs {
    worker_id: String,
    snapshot_id: String,
    error: String,
}

pub(crate) async fn fail(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let args: FailArgs = json::from_value(args)?;
    let worker = this_worker(call, &args.worker_id)?;
    known(snapshots::fail(&app.cx(call), worker, &args.snapshot_id, &args.error).await)
}

/// The protocol's word for a snapshot that is not there, or not this worker's: false.
fn known(outcome: Result<(), OperationError>) -> Result<Value, Problem> {
    match outcome {
        Ok(()) => Ok(json!(true)),
        Err(OperationError::Refused(Refusal { kind: RefusalKind::NotFound, .. })) => Ok(json!(false)),
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct LatestArgs {
    workspace_id: String,
    agent_key: String,
    conversation_id: String,
}

pub(crate) async fn latest(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let args: LatestArgs = json::from_value(args)?;
    let of = (args.workspace_id.as_str(), args.agent_key.as_str(), args.conversation_id.as_str());
    let offer = snapshots::latest(&app.cx(call), &app.links()?, call.worker()?, of).await?;
    Ok(offer.map_or(Value::Null, |offer| {
        json!({
            "snapshotId": offer.snapshot_id, "downloadUrl": offer.download_url, "sha256": offer.sha256,
            "sizeBytes": offer.size_bytes, "createdAt": offer.created_at,
        })
    }))
}
