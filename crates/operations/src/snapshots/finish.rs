//! After an upload.

use clawstead_domain::config::RetentionPolicy;
use clawstead_domain::snapshot::{self, Figures, SnapshotEvent, Status};
use clawstead_domain::worker::{State, WorkerEvent};
use clawstead_ledger::{Engine, Expected};
use clawstead_transport::Transport;

use super::{facts, retire};
use crate::files::S3Store;
use crate::workers::Worker;
use crate::{Cx, OperationError, configs, decide, files};

/// What a worker says of what it has uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finish<'a> {
    /// Which snapshot.
    pub snapshot_id: &'a str,
    /// What the upload was answered with, if we answered it.
    pub storage_id: Option<&'a str>,
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
        let storage_id = storage_id.unwrap_or(&known.file_id);
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

/// Takes in what a worker of our own has uploaded without us, so that [`finish`] finds it. Nothing happens when it has come
/// through us, or has not come.
///
/// # Errors
/// When it is too large, or the store does not answer.
pub async fn take_in<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    clock: &dyn Fn() -> i64,
    store: &S3Store<'_, T>,
    worker: &Worker,
    snapshot_id: &str,
) -> Result<(), OperationError> {
    let known = facts::snapshot(cx, snapshot_id).await?;
    if known.worker_id != worker.worker_id || known.status != Status::Uploading {
        return Ok(());
    }
    files::take_in(cx, clock, store, &known.file_id, &worker.worker_id).await
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
