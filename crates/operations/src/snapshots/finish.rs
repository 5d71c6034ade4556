//! After an upload.

use clawstead_domain::config::RetentionPolicy;
use clawstead_domain::snapshot::{self, Figures, SnapshotEvent};
use clawstead_domain::worker::{State, WorkerEvent};
use clawstead_ledger::{Engine, Expected};

use super::{facts, retire};
use crate::workers::Worker;
use crate::{Cx, OperationError, configs, decide, files};

/// What a worker says of what it has uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finish<'a> {
    /// Which snapshot.
    pub snapshot_id: &'a str,
    /// What the upload was answered with.
    pub storage_id: &'a str,
    /// What the bytes are.
    pub figures: Figures,
}

/// Makes a snapshot good, and those that it makes superfluous go. Saying it again succeeds.
///
/// # Errors
/// When it is not this worker's, has ended otherwise, or its bytes are others.
pub async fn finish<E: Engine>(cx: &Cx<'_, E>, worker: &Worker, command: &Finish<'_>) -> Result<(), OperationError> {
    let policy: RetentionPolicy = configs::load(cx).await?.get()?;
    let is_new = decide(async || {
        let known = facts::snapshot(cx, command.snapshot_id).await?;
        let arrived = files::stored(cx, &known.file_id).await?.map(|file| file.figures);
        let Finish { storage_id, figures, .. } = command;
        let decided = snapshot::finish(&known, &worker.worker_id, storage_id, figures, arrived.as_ref(), cx.now)?;
        let Some(event) = decided else { return Ok(false) };
        cx.append(command.snapshot_id, Expected::Version(known.stream_version), &[event]).await?;
        Ok(true)
    })
    .await?;
    if !is_new {
        return Ok(());
    }
    if worker.state == State::Draining {
        let accepted = WorkerEvent::SnapshotAccepted { snapshot_id: command.snapshot_id.to_owned() };
        cx.append(&worker.worker_id, Expected::Any, &[accepted]).await?;
    }
    retire::beyond_count(cx, command.snapshot_id, &policy).await
}

/// The worker gives a snapshot up. Saying it again succeeds.
///
/// # Errors
/// When it is not this worker's, or has ended otherwise.
pub async fn fail<E: Engine>(cx: &Cx<'_, E>, worker: &Worker, snapshot_id: &str, error: &str) -> Result<(), OperationError> {
    decide(async || {
        let known = facts::snapshot(cx, snapshot_id).await?;
        let events: Vec<SnapshotEvent> = snapshot::fail(&known, &worker.worker_id, error)?.into_iter().collect();
        cx.append(snapshot_id, Expected::Version(known.stream_version), &events).await
    })
    .await
}
