//! Stopping and removing: a machine stops, is deleted, is seen to be gone; then the same with its volume.

use clawstead_domain::plan::Phase;
use clawstead_domain::worker::{State, WorkerEvent};
use clawstead_fly::RefusalKind;
use clawstead_ledger::Engine;
use clawstead_transport::Transport;

use super::act::{Actor, Progress, is_refused_as};
use super::listing::{is_leaving, phase_of};
use super::machine::GENTLE_STOP;
use super::outside::settled;
use super::token;
use crate::OperationError;

/// A volume stays bound for up to about a minute after its machine is gone (outside-contracts.md). One that is bound for so
/// much longer needs a look.
const BOUND_TOO_LONG_MS: i64 = 300_000;

impl<E: Engine, T: Transport> Actor<'_, E, T> {
    /// Asks the worker's process to end.
    pub(super) async fn stop_machine(&self, worker_id: &str, machine_id: &str) -> Result<Progress, OperationError> {
        self.begin_teardown(worker_id).await?;
        let (_, app) = self.worker(worker_id).await?;
        settled(app.stop_machine(machine_id, GENTLE_STOP).await.found()).map(|_| Progress::Done)
    }

    /// Deletes the worker's machine. That it is gone is recorded when it was seen to be.
    pub(super) async fn delete_machine(
        &self,
        worker_id: &str,
        machine_id: &str,
        force: bool,
    ) -> Result<Progress, OperationError> {
        self.begin_teardown(worker_id).await?;
        let (_, app) = self.worker(worker_id).await?;
        let outcome = app.delete_machine(machine_id, force).await.found();
        // It runs again: the next plan stops it first.
        if is_refused_as(&outcome, RefusalKind::Precondition) {
            return Ok(Progress::Later);
        }
        settled(outcome).map(|_| Progress::Done)
    }

    /// Records that the machine is gone, if a look at it alone says so too: a listing may lag behind.
    pub(super) async fn confirm_machine_gone(
        &self,
        worker_id: &str,
        machine_id: Option<&str>,
    ) -> Result<Progress, OperationError> {
        if let Some(machine_id) = machine_id {
            let (_, app) = self.worker(worker_id).await?;
            let found = settled(app.get_machine(machine_id).await.found())?;
            if found.is_some_and(|machine| phase_of(machine.state) != Phase::Gone) {
                return Ok(Progress::Later);
            }
        }
        self.begin_teardown(worker_id).await?;
        self.note(worker_id, |known| known.machine_gone_at.is_none().then_some(WorkerEvent::MachineGone {})).await
    }

    /// Deletes a volume of the worker's; one that is still bound is left for later.
    pub(super) async fn delete_volume(&self, worker_id: &str, volume_id: &str) -> Result<Progress, OperationError> {
        let (known, app) = self.worker(worker_id).await?;
        let outcome = app.delete_volume(volume_id).await.found();
        let bound_for = known.machine_gone_at.map_or(0, |at| self.cx().now - at);
        if is_refused_as(&outcome, RefusalKind::Precondition) && bound_for < BOUND_TOO_LONG_MS {
            return Ok(Progress::Later);
        }
        settled(outcome).map(|_| Progress::Done)
    }

    /// Records that the volume is gone, if a look at it alone says so too.
    pub(super) async fn confirm_volume_gone(&self, worker_id: &str, volume_id: Option<&str>) -> Result<Progress, OperationError> {
        if let Some(volume_id) = volume_id {
            let (_, app) = self.worker(worker_id).await?;
            let found = settled(app.get_volume(volume_id).await.found())?;
            if found.is_some_and(|volume| !is_leaving(&volume.state)) {
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
