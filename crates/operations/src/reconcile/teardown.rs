//! Stopping and removing: a machine stops, is deleted, is seen to be gone; then the same with its volume.

use clawstead_domain::worker::{State, WorkerEvent};
use clawstead_ledger::Engine;

use super::act::{Actor, Progress, sent};
use super::token;
use crate::OperationError;
use crate::provider::TroubleKind;

/// A volume stays bound for up to about a minute after its machine is gone (outside-contracts.md). One that is bound for so
/// much longer needs a look.
const BOUND_TOO_LONG_MS: i64 = 300_000;

impl<E: Engine> Actor<'_, E> {
    /// Asks the worker's process to end.
    pub(super) async fn stop_machine(
        &self,
        worker_id: &str,
        machine_id: &str,
        at_once: bool,
    ) -> Result<Progress, OperationError> {
        self.begin_teardown(worker_id).await?;
        let (known, provider) = self.worker(worker_id).await?;
        let app = known.app()?;
        match provider.cordon_machine(app, machine_id).await {
            // A machine that serves nothing may have nothing to be cordoned from.
            Err(trouble) if trouble.is(TroubleKind::Never) => {}
            outcome => outcome?,
        }
        provider.stop_machine(app, machine_id, at_once).await?;
        Ok(Progress::Done)
    }

    /// Deletes the worker's machine. That it is gone is recorded when it was seen to be.
    pub(super) async fn delete_machine(
        &self,
        worker_id: &str,
        machine_id: &str,
        force: bool,
    ) -> Result<Progress, OperationError> {
        self.begin_teardown(worker_id).await?;
        let (known, provider) = self.worker(worker_id).await?;
        // If it runs again, the next plan stops it first.
        sent(provider.delete_machine(known.app()?, machine_id, force).await)
    }

    /// Records that the machine is gone, if a look at it alone says so too: a listing may lag behind.
    pub(super) async fn confirm_machine_gone(
        &self,
        worker_id: &str,
        machine_id: Option<&str>,
    ) -> Result<Progress, OperationError> {
        if let Some(machine_id) = machine_id {
            let (known, provider) = self.worker(worker_id).await?;
            if provider.find_machine(known.app()?, machine_id).await?.is_some() {
                return Ok(Progress::Later);
            }
        }
        self.begin_teardown(worker_id).await?;
        self.note(worker_id, |known| known.machine_gone_at.is_none().then_some(WorkerEvent::MachineGone {})).await
    }

    /// Deletes a volume of the worker's; one that is still bound is left for later.
    pub(super) async fn delete_volume(&self, worker_id: &str, volume_id: &str) -> Result<Progress, OperationError> {
        let (known, provider) = self.worker(worker_id).await?;
        let outcome = provider.delete_volume(known.app()?, volume_id).await;
        let bound_for = known.machine_gone_at.map_or(0, |at| self.cx().now - at);
        match outcome {
            Err(trouble) if trouble.is(TroubleKind::NotYet) && bound_for >= BOUND_TOO_LONG_MS => Err(trouble.into()),
            outcome => sent(outcome),
        }
    }

    /// Records that the volume is gone, if a look at it alone says so too.
    pub(super) async fn confirm_volume_gone(&self, worker_id: &str, volume_id: Option<&str>) -> Result<Progress, OperationError> {
        if let Some(volume_id) = volume_id {
            let (known, provider) = self.worker(worker_id).await?;
            if provider.has_volume(known.app()?, volume_id).await? {
                return Ok(Progress::Later);
            }
        }
        self.note(worker_id, |known| known.volume_gone_at.is_none().then_some(WorkerEvent::VolumeGone {})).await
    }

    /// Records that nothing is left of the worker. Its sealed token goes first: a stopped worker is never looked at again.
    pub(super) async fn finish(&self, worker_id: &str) -> Result<Progress, OperationError> {
        token::destroy(&self.cx(), worker_id).await?;
        self.note(worker_id, |known| (known.state != State::Stopped).then_some(WorkerEvent::WorkerStopped {})).await
    }

    async fn begin_teardown(&self, worker_id: &str) -> Result<(), OperationError> {
        let begins = |state: State| state.takes_work() || state == State::Draining;
        self.note(worker_id, |known| begins(known.state).then_some(WorkerEvent::TeardownStarted {})).await.map(drop)
    }
}
