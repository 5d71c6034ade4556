//! Asking for a worker, and making its volume and machine: record, call, record.

use clawstead_domain::worker::{State, WorkerEvent};
use clawstead_ledger::{Engine, Expected};
use clawstead_vault::sha256_hex;

use super::act::{Actor, Progress};
use super::known::Known;
use super::{machine, token};
use crate::OperationError;
use crate::provider::{Provider, VolumeWanted};

impl<E: Engine> Actor<'_, E> {
    /// Asks for a worker, and goes on as far as it can be made now.
    pub(super) async fn request(&self, conversation_id: &str) -> Result<Progress, OperationError> {
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
            region: Some(self.provider.region.clone()),
            wanted_for: Some(conversation_id.to_owned()),
        };
        cx.append(&worker_id, Expected::Version(0), &[event]).await?;
        self.provision(&worker_id).await
    }

    /// Makes what a worker that was asked for still lacks.
    pub(super) async fn provision(&self, worker_id: &str) -> Result<Progress, OperationError> {
        let (mut known, provider) = self.worker(worker_id).await?;
        if known.state == State::Requested && known.volume_id.is_none() {
            self.create_volume(provider, &known).await?;
            known = Known::read(&self.cx(), worker_id).await?;
        }
        if known.state != State::Requested || known.machine_id.is_some() {
            return Ok(Progress::Done);
        }
        if !self.turn.goes_on().await? {
            return Ok(Progress::Later);
        }
        self.create_machine(provider, &known).await
    }

    async fn create_volume(&self, provider: &dyn Provider, known: &Known) -> Result<(), OperationError> {
        let wanted = VolumeWanted {
            worker_id: &known.worker_id,
            region: self.region(known),
            size_gb: size(self.provider.volume_size_gb)?,
        };
        let volume_id = provider.create_volume(known.app()?, &wanted).await?;
        self.adopt_volume(&known.worker_id, &volume_id).await.map(drop)
    }

    async fn create_machine(&self, provider: &dyn Provider, known: &Known) -> Result<Progress, OperationError> {
        let wanted = machine::wanted(self, known).await?;
        let machine_id = provider.create_machine(known.app()?, &wanted).await?;
        self.adopt_machine(&known.worker_id, &machine_id).await
    }

    /// Records a worker's volume. All of them are made in the region that the worker was asked for in.
    pub(super) async fn adopt_volume(&self, worker_id: &str, volume_id: &str) -> Result<Progress, OperationError> {
        self.note(worker_id, |known| {
            let event = || WorkerEvent::VolumeCreated { volume_id: volume_id.to_owned(), region: self.region(known).to_owned() };
            known.volume_id.is_none().then(event)
        })
        .await
    }

    /// Records a worker's machine. Also of one that is on its way out: what is not known is not removed.
    pub(super) async fn adopt_machine(&self, worker_id: &str, machine_id: &str) -> Result<Progress, OperationError> {
        self.note(worker_id, |known| {
            let event = || WorkerEvent::MachineCreated { machine_id: machine_id.to_owned() };
            (known.machine_id.is_none() && known.machine_gone_at.is_none()).then(event)
        })
        .await
    }

    pub(super) fn region<'k>(&'k self, known: &'k Known) -> &'k str {
        known.region.as_deref().unwrap_or(&self.provider.region)
    }
}

/// A size of the policy in the provider's terms.
pub(super) fn size(policy: i64) -> Result<u32, OperationError> {
    u32::try_from(policy).map_err(|_| OperationError::unexpected("a size in the policy provider"))
}
