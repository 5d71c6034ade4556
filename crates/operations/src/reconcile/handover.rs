//! What a worker knows and has not handed in: its machine is started once more, or its volume is copied and kept.

use clawstead_domain::worker::{State, WorkerEvent};
use clawstead_ledger::Engine;

use super::act::{Actor, Progress, sent};
use crate::OperationError;
use crate::provider::TroubleKind;

impl<E: Engine> Actor<'_, E> {
    /// Starts a machine that stopped before its worker handed in what it knows. An answer that never comes is not waited for: if
    /// the machine is at rest when it is looked at next, it is started again.
    pub(super) async fn restart_machine(&self, worker_id: &str, machine_id: &str) -> Result<Progress, OperationError> {
        self.note(worker_id, |known| (known.state == State::Draining).then_some(WorkerEvent::RestartRequested {})).await?;
        let (known, provider) = self.worker(worker_id).await?;
        if let Progress::Later = sent(provider.start_machine(known.app()?, machine_id).await)? {
            return Ok(Progress::Later);
        }
        self.note(worker_id, |known| (known.state == State::Draining).then_some(WorkerEvent::MachineRestarted {})).await
    }

    /// Waits no longer. Whoever handed in while that was decided is not abandoned.
    pub(super) async fn abandon(&self, worker_id: &str, keep_until: i64) -> Result<Progress, OperationError> {
        self.note(worker_id, |known| {
            let is_due = known.state == State::Draining && known.has_unsaved_work && known.abandoned_at.is_none();
            is_due.then(|| WorkerEvent::DrainAbandoned { volume_id: known.volume_id.clone(), keep_until })
        })
        .await
    }

    /// Has the volume of an abandoned worker copied, unless it was.
    pub(super) async fn snapshot_volume(&self, worker_id: &str, volume_id: &str) -> Result<Progress, OperationError> {
        let (known, provider) = self.worker(worker_id).await?;
        let Some(abandoned_at) = known.abandoned_at else {
            return Ok(Progress::Done);
        };
        let app = known.app()?;
        let is_copied = provider.newest_snapshot(app, volume_id).await?.is_some_and(|begun_at| begun_at >= abandoned_at);
        if !is_copied {
            match provider.snapshot_volume(app, volume_id).await {
                // Nothing is left that could be copied.
                Err(trouble) if trouble.is(TroubleKind::Missing) => return Ok(Progress::Done),
                outcome => outcome?,
            }
        }
        self.note(worker_id, |known| known.volume_snapshot_at.is_none().then_some(WorkerEvent::VolumeSnapshotTaken {})).await
    }
}
