//! Asking for a worker, and making its volume and machine: record, call, record.

use clawstead_domain::worker::{State, WorkerEvent};
use clawstead_ledger::{Engine, Expected};
use clawstead_vault::sha256_hex;

use super::act::{Actor, Progress, or_later};
use super::known::Known;
use super::{machine, token};
use crate::OperationError;
use crate::provider::{Provider, Trouble, TroubleKind, VolumeWanted};

const CONVERSATION_HAS_A_WORKER: &str = "conversation_has_a_worker";

/// Why something was not made.
enum Failed {
    /// It could not be asked for, or not be recorded.
    Here(OperationError),
    /// The provider did not make it.
    There(Trouble),
}

impl From<OperationError> for Failed {
    fn from(error: OperationError) -> Self {
        Self::Here(error)
    }
}

impl From<Trouble> for Failed {
    fn from(trouble: Trouble) -> Self {
        Self::There(trouble)
    }
}

impl<E: Engine> Actor<'_, E> {
    /// Asks for a worker, and goes on as far as it can be made now.
    pub(super) async fn request(&self, conversation_id: Option<&str>, region: &str) -> Result<Progress, OperationError> {
        // Nothing is asked for that could not be made.
        self.outside.provider(&self.provider.kind)?.ready()?;
        let cx = self.cx();
        let worker_id = cx.new_id();
        let token = token::mint(&cx, self.outside.keys, &worker_id).await?;
        let event = WorkerEvent::WorkerRequested {
            provider: self.provider.kind.clone(),
            name: None,
            token_hash: sha256_hex(token.expose()),
            app_name: Some(self.provider.app_name.clone()),
            region: Some(region.to_owned()),
            wanted_for: conversation_id.map(str::to_owned),
            conversations_max: self.scaling.conversations_per_worker,
        };
        if let Err(error) = cx.append(&worker_id, Expected::Version(0), &[event]).await {
            // When nobody knows whether it was asked for, the token stays; the sweep finds out.
            if matches!(error, OperationError::Rule(_) | OperationError::Raced) {
                token::destroy(&cx, &worker_id).await?;
            }
            return or_later(Err(error), CONVERSATION_HAS_A_WORKER);
        }
        self.provision(&worker_id).await
    }

    /// Gives a worker that waits for one a conversation.
    pub(super) async fn assign(&self, worker_id: &str, conversation_id: &str) -> Result<Progress, OperationError> {
        let noted = self.note(worker_id, |known| {
            let event = || WorkerEvent::AssignmentChanged { conversation_id: conversation_id.to_owned() };
            (known.state.takes_work() && known.wanted_for.is_none()).then(event)
        });
        or_later(noted.await, CONVERSATION_HAS_A_WORKER)
    }

    /// Makes what a worker that was asked for still lacks.
    pub(super) async fn provision(&self, worker_id: &str) -> Result<Progress, OperationError> {
        let (mut known, provider) = self.worker(worker_id).await?;
        if known.state == State::Requested && known.volume_id.is_none() {
            let created = self.create_volume(provider, &known).await;
            self.placed(&known, created).await?;
            known = Known::read(&self.cx(), worker_id).await?;
        }
        if known.state != State::Requested || known.machine_id.is_some() {
            return Ok(Progress::Done);
        }
        if !self.turn.goes_on().await? {
            return Ok(Progress::Later);
        }
        let created = self.create_machine(provider, &known).await;
        self.placed(&known, created).await
    }

    /// Notes a region that had no room. The worker makes way for one that is asked for elsewhere.
    async fn placed<R>(&self, known: &Known, created: Result<R, Failed>) -> Result<R, OperationError> {
        let trouble = match created {
            Ok(result) => return Ok(result),
            Err(Failed::Here(error)) => return Err(error),
            Err(Failed::There(trouble)) => trouble,
        };
        if trouble.is(TroubleKind::NoRoom) {
            let event = WorkerEvent::CapacityRefused { region: known.region()?.to_owned() };
            self.note(&known.worker_id, |known| known.capacity_refused_at.is_none().then(|| event.clone())).await?;
        }
        Err(trouble.into())
    }

    async fn create_volume(&self, provider: &dyn Provider, known: &Known) -> Result<Progress, Failed> {
        let wanted =
            VolumeWanted { worker_id: &known.worker_id, region: known.region()?, size_gb: size(self.provider.volume_size_gb)? };
        let volume_id = provider.create_volume(known.app()?, &wanted).await?;
        Ok(self.adopt_volume(&known.worker_id, &volume_id).await?)
    }

    async fn create_machine(&self, provider: &dyn Provider, known: &Known) -> Result<Progress, Failed> {
        let wanted = machine::wanted(self, known).await?;
        let machine_id = provider.create_machine(known.app()?, &wanted).await?;
        Ok(self.adopt_machine(&known.worker_id, &machine_id).await?)
    }

    /// Records a worker's volume. All of them are made in the region that the worker was asked for in.
    pub(super) async fn adopt_volume(&self, worker_id: &str, volume_id: &str) -> Result<Progress, OperationError> {
        let (known, _) = self.worker(worker_id).await?;
        let event = WorkerEvent::VolumeCreated { volume_id: volume_id.to_owned(), region: known.region()?.to_owned() };
        self.note(worker_id, |known| known.volume_id.is_none().then(|| event.clone())).await
    }

    /// Records a worker's machine. Also of one that is on its way out: what is not known is not removed.
    pub(super) async fn adopt_machine(&self, worker_id: &str, machine_id: &str) -> Result<Progress, OperationError> {
        self.note(worker_id, |known| {
            let event = || WorkerEvent::MachineCreated { machine_id: machine_id.to_owned() };
            (known.machine_id.is_none() && known.machine_gone_at.is_none()).then(event)
        })
        .await
    }
}

/// A size of the policy in the provider's terms.
pub(super) fn size(policy: i64) -> Result<u32, OperationError> {
    u32::try_from(policy).map_err(|_| OperationError::unexpected("a size in the policy provider"))
}
