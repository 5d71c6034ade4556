//! The machine of a worker, as it is made.

use clawstead_fly::{CpuKind, CreateMachine, Guest, MachineConfig, Mount, Restart, RestartPolicy, Signal, StopMachine, Tags};
use clawstead_ledger::Engine;
use clawstead_transport::Transport;
use clawstead_vault::KeyRing;

use super::act::Actor;
use super::environment::{Identity, environment};
use super::known::Known;
use super::provision::size;
use super::token;
use crate::queue::{self, BridgeRuntime};
use crate::{Cx, OperationError, agents};

/// A worker that fails is started again so often on the same machine, with its data. One that ends with code 0 has nothing
/// left to do.
const RESTARTS_MAX: u32 = 3;

/// A worker first finishes its job, up to 120 s, and then uploads its state (worker-wire.md section 2). Fly allows at most
/// this.
pub(super) const GENTLE_STOP: StopMachine = StopMachine { signal: Some(Signal::Sigterm), timeout_seconds: Some(300) };

/// The machine for a worker whose volume exists.
pub(super) async fn wanted<E: Engine, T: Transport>(
    actor: &Actor<'_, E, T>,
    known: &Known,
) -> Result<CreateMachine, OperationError> {
    let cx = actor.cx();
    let volume_id = known.volume_id.clone().ok_or_else(|| OperationError::unexpected("a machine before its volume"))?;
    let token = token::open(&cx, actor.outside.keys, &known.worker_id).await?;
    let base_url = format!("{}/worker/{}", actor.outside.public_url.trim_end_matches('/'), token.expose());
    let assignment = assignment(&cx, known).await?;
    let bridge = match &assignment {
        Some((agent_key, _)) => bridge(&cx, actor.outside.keys, agent_key).await?,
        None => None,
    };
    let identity = Identity {
        worker_id: &known.worker_id,
        base_url: &base_url,
        assignment: assignment.as_ref().map(|(agent_key, conversation_id)| (agent_key.as_str(), conversation_id.as_str())),
        bridge: bridge.as_ref(),
    };
    let provider = &actor.provider;
    let config = MachineConfig {
        image: provider.image.clone(),
        env: environment(&identity, provider, &actor.scaling),
        guest: Guest { cpu_kind: CpuKind::Shared, cpus: size(provider.cpus)?, memory_mb: size(provider.memory_mb)? },
        mounts: vec![Mount { volume: volume_id.clone(), path: provider.volume_path.clone() }],
        metadata: Tags {
            deployment: actor.outside.deployment.to_owned(),
            worker: known.worker_id.clone(),
            volume: Some(volume_id),
        },
        restart: Restart { policy: RestartPolicy::OnFailure, max_retries: Some(RESTARTS_MAX) },
        stop_config: GENTLE_STOP,
        auto_destroy: false,
    };
    Ok(CreateMachine { name: known.worker_id.clone(), region: actor.region(known), config })
}

/// The bridge of the agent that a worker is meant for, and of no other.
async fn bridge<E: Engine>(cx: &Cx<'_, E>, keys: &KeyRing, agent_key: &str) -> Result<Option<BridgeRuntime>, OperationError> {
    match agents::find(cx, agent_key).await?.filter(|agent| agent.enabled) {
        Some(agent) => queue::resolve_bridge(cx, keys, &agent, None).await,
        None => Ok(None),
    }
}

/// Agent and conversation that a worker is meant for.
async fn assignment<E: Engine>(cx: &Cx<'_, E>, known: &Known) -> Result<Option<(String, String)>, OperationError> {
    let Some(conversation_id) = &known.wanted_for else {
        return Ok(None);
    };
    let rows = cx.sql("SELECT agent_key FROM conversations WHERE conversation_id = ?1", &[conversation_id.into()]).await?;
    let agent_key = rows.first().and_then(|row| row.text("agent_key"));
    Ok(agent_key.map(|agent_key| (agent_key, conversation_id.clone())))
}
