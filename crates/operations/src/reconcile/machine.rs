//! The machine of a worker, as it is made.

use clawstead_ledger::Engine;
use clawstead_vault::{KeyRing, Secret};

use super::act::Actor;
use super::environment::{Identity, environment};
use super::known::Known;
use super::look;
use super::provision::size;
use super::token;
use crate::provider::MachineWanted;
use crate::queue::{self, BridgeRuntime};
use crate::{Cx, OperationError, agents};

/// The machine for a worker whose volume exists.
pub(super) async fn wanted<'a, E: Engine>(
    actor: &'a Actor<'_, E>,
    known: &'a Known,
) -> Result<MachineWanted<'a>, OperationError> {
    let cx = actor.cx();
    let volume_id = known.volume_id.as_deref().ok_or_else(|| OperationError::unexpected("a machine before its volume"))?;
    let token = token::open(&cx, actor.outside.keys, &known.worker_id).await?;
    let base_url = format!("{}/worker/{}", actor.outside.public_url.trim_end_matches('/'), token.expose());
    let assignment = assignment(&cx, known).await?;
    let (bridge, linking_secret) = match &assignment {
        Some((agent_key, _)) => bridge(&cx, actor.outside.keys, agent_key).await?,
        None => (None, None),
    };
    let identity = Identity {
        worker_id: &known.worker_id,
        base_url: &base_url,
        assignment: assignment.as_ref().map(|(agent_key, conversation_id)| (agent_key.as_str(), conversation_id.as_str())),
        bridge: bridge.as_ref(),
        linking_secret: linking_secret.as_ref(),
    };
    let provider = &actor.provider;
    Ok(MachineWanted {
        worker_id: &known.worker_id,
        log_id: look::log_id(&cx).await?,
        region: known.region()?,
        image: &provider.image,
        environment: environment(&identity, provider, &actor.scaling),
        cpus: size(provider.cpus)?,
        memory_mb: size(provider.memory_mb)?,
        volume_id,
        volume_path: &provider.volume_path,
    })
}

/// The bridge and the linking secret of the agent that a worker is meant for, and of no other.
async fn bridge<E: Engine>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    agent_key: &str,
) -> Result<(Option<BridgeRuntime>, Option<Secret<String>>), OperationError> {
    let Some(agent) = agents::find(cx, agent_key).await?.filter(|agent| agent.enabled) else {
        return Ok((None, None));
    };
    Ok((queue::resolve_bridge(cx, keys, &agent, None).await?, queue::linking_secret(cx, keys, &agent).await?))
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
