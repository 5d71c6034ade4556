//! Carrying out one action.

use clawstead_domain::config::{ProviderPolicy, ScalingPolicy};
use clawstead_domain::plan::Action;
use clawstead_domain::worker::WorkerEvent;
use clawstead_ledger::Engine;

use super::known::{Known, note};
use super::look::Places;
use super::outside::Outside;
use crate::provider::{Provider, Trouble, TroubleKind};
use crate::tick::Turn;
use crate::{Cx, OperationError};

/// How far an action came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// It is done, or was done before.
    Done,
    /// Not now; the next tick looks again.
    Later,
}

/// Everything that actions need.
pub(super) struct Actor<'a, E> {
    pub(super) turn: &'a Turn<'a, E>,
    pub(super) outside: &'a Outside<'a>,
    pub(super) scaling: ScalingPolicy,
    pub(super) provider: ProviderPolicy,
    pub(super) places: Places,
}

impl<'a, E: Engine> Actor<'a, E> {
    /// Carries out one action. Repeating one that was interrupted, or that another has done, does no harm.
    pub(super) async fn perform(&self, action: &Action) -> Result<Progress, OperationError> {
        match action {
            Action::Request { conversation_id, region } => self.request(conversation_id.as_deref(), region).await,
            // It is told with what went wrong.
            Action::HoldBack { .. } => Ok(Progress::Later),
            Action::Assign { worker_id, conversation_id } => self.assign(worker_id, conversation_id).await,
            Action::Provision { worker_id } => self.provision(worker_id).await,
            Action::AdoptVolume { worker_id, volume_id } => self.adopt_volume(worker_id, volume_id).await,
            Action::AdoptMachine { worker_id, machine_id } => self.adopt_machine(worker_id, machine_id).await,
            Action::Drain { worker_id, reason, deadline_at } => {
                let event = WorkerEvent::DrainRequested { reason: *reason, deadline_at: *deadline_at };
                let noted = self.note(worker_id, |known| known.state.takes_work().then(|| event.clone())).await;
                // It was given a message a moment ago.
                or_later(noted, "worker_is_busy")
            }
            Action::RestartMachine { worker_id, machine_id } => self.restart_machine(worker_id, machine_id).await,
            Action::Abandon { worker_id, keep_until } => self.abandon(worker_id, *keep_until).await,
            Action::SnapshotVolume { worker_id, volume_id } => self.snapshot_volume(worker_id, volume_id).await,
            Action::StopMachine { worker_id, machine_id, at_once } => self.stop_machine(worker_id, machine_id, *at_once).await,
            Action::DeleteMachine { worker_id, machine_id, force } => self.delete_machine(worker_id, machine_id, *force).await,
            Action::ConfirmMachineGone { worker_id, machine_id } => {
                self.confirm_machine_gone(worker_id, machine_id.as_deref()).await
            }
            Action::DeleteVolume { worker_id, volume_id } => self.delete_volume(worker_id, volume_id).await,
            Action::ConfirmVolumeGone { worker_id, volume_id } => self.confirm_volume_gone(worker_id, volume_id.as_deref()).await,
            Action::Finish { worker_id } => self.finish(worker_id).await,
            Action::DeleteOrphanMachine { app, machine_id } => {
                // Its worker has no valid token any more, so there is nothing that a gentle stop could save.
                sent(self.provider_of(app)?.delete_machine(app, machine_id, true).await)
            }
            Action::DeleteOrphanVolume { app, volume_id } => sent(self.provider_of(app)?.delete_volume(app, volume_id).await),
        }
    }

    /// Surroundings with the instant of now.
    pub(super) fn cx(&self) -> Cx<'a, E> {
        self.turn.cx()
    }

    /// The worker as the log knows it now, and who holds its machine.
    pub(super) async fn worker(&self, worker_id: &str) -> Result<(Known, &'a dyn Provider), OperationError> {
        let known = Known::read(&self.cx(), worker_id).await?;
        let provider = self.outside.provider(&known.provider)?;
        Ok((known, provider))
    }

    /// Who holds a listed app.
    fn provider_of(&self, app: &str) -> Result<&'a dyn Provider, OperationError> {
        let kind = self.places.get(app).ok_or_else(|| OperationError::unexpected("an app that was not listed"))?;
        self.outside.provider(kind)
    }

    /// Records an event, unless the worker is further on already.
    pub(super) async fn note(
        &self,
        worker_id: &str,
        decide_event: impl Fn(&Known) -> Option<WorkerEvent>,
    ) -> Result<Progress, OperationError> {
        note(&self.cx(), worker_id, decide_event).await?;
        Ok(Progress::Done)
    }
}

/// An order that the provider took, or that it can take only later.
pub(super) fn sent(outcome: Result<(), Trouble>) -> Result<Progress, OperationError> {
    match outcome {
        Ok(()) => Ok(Progress::Done),
        Err(trouble) if trouble.is(TroubleKind::NotYet) => Ok(Progress::Later),
        Err(trouble) => Err(trouble.into()),
    }
}

/// A rule that was broken because somebody was faster: the next plan sees what he did.
pub(super) fn or_later(outcome: Result<Progress, OperationError>, rule: &str) -> Result<Progress, OperationError> {
    match outcome {
        Err(OperationError::Rule(broken)) if broken == rule => Ok(Progress::Later),
        outcome => outcome,
    }
}
