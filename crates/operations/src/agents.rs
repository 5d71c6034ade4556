//! Agent profiles.

use clawstead_domain::Refusal;
use clawstead_domain::agent::{self, Agent, Configure};
use clawstead_ledger::{Engine, Expected, Row};

use crate::{Cx, OperationError, decide};

/// Makes or changes a profile, and gives it as it is then.
///
/// # Errors
/// When a value cannot be.
pub async fn configure<E: Engine>(cx: &Cx<'_, E>, agent_key: &str, change: &Configure) -> Result<Agent, OperationError> {
    decide(async || {
        let known = find(cx, agent_key).await?;
        let events = agent::configure(agent_key, known.as_ref(), change)?;
        let version = known.map_or(0, |agent| agent.stream_version);
        cx.append(agent_key, Expected::Version(version), &events).await
    })
    .await?;
    find(cx, agent_key).await?.ok_or_else(|| OperationError::unexpected("the agent that was just configured"))
}

/// A profile that must be there.
///
/// # Errors
/// When it is not.
pub async fn get<E: Engine>(cx: &Cx<'_, E>, agent_key: &str) -> Result<Agent, OperationError> {
    let agent = find(cx, agent_key).await?;
    Ok(agent.ok_or_else(|| Refusal::not_found("agent_not_found", "there is no such agent"))?)
}

/// One profile.
///
/// # Errors
/// When the database does not answer.
pub async fn find<E: Engine>(cx: &Cx<'_, E>, agent_key: &str) -> Result<Option<Agent>, OperationError> {
    Ok(cx.sql(FIND, &[agent_key.into()]).await?.first().and_then(|row| agent_of(&row)))
}

/// One profile, as of this request: for what is decided about others than the agent.
///
/// # Errors
/// When the database does not answer.
pub async fn settled<E: Engine>(cx: &Cx<'_, E>, agent_key: &str) -> Result<Option<Agent>, OperationError> {
    Ok(cx.settled(FIND, &[agent_key.into()]).await?.first().and_then(|row| agent_of(&row)))
}

const FIND: &str = "SELECT agent_key, version, enabled, bridge, secret_refs, stream_version FROM agents WHERE agent_key = ?1";

/// Profiles by key, after `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn list<E: Engine>(cx: &Cx<'_, E>, after: &str, limit: i64) -> Result<Vec<Agent>, OperationError> {
    let sql = "SELECT agent_key, version, enabled, bridge, secret_refs, stream_version FROM agents WHERE agent_key > ?1 ORDER BY agent_key LIMIT ?2";
    Ok(cx.sql(sql, &[after.into(), limit.into()]).await?.iter().filter_map(|row| agent_of(&row)).collect())
}

fn agent_of(row: &Row<'_>) -> Option<Agent> {
    Some(Agent {
        agent_key: row.text("agent_key")?,
        version: row.text("version")?,
        enabled: row.flag("enabled"),
        bridge: row.text("bridge").and_then(|bridge| serde_json::from_str(&bridge).ok()),
        secret_refs: row.text("secret_refs").and_then(|refs| serde_json::from_str(&refs).ok()).unwrap_or_default(),
        stream_version: row.integer("stream_version")?,
    })
}
