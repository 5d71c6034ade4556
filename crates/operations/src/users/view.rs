//! A user's agents, each with its state.

use std::collections::BTreeMap;

use clawstead_domain::pairing::{EXPIRED, PENDING, USED};
use clawstead_ledger::{Engine, Row, Value};
use serde::Serialize;

use crate::{Cx, OperationError};

/// How a user and an agent stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UserAgentStatus {
    /// Neither bound nor with a code that waits.
    Draft,
    /// A code waits.
    Pairing,
    /// They can talk.
    Active,
    /// They could once.
    Disabled,
    /// They are bound, and yet cannot talk: the agent is disabled or gone.
    Failed,
}

/// A user and an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserAgent {
    /// User of the consumer app.
    pub consumer_user_id: String,
    /// The agent.
    pub agent_key: String,
    /// How the consumer app calls the user.
    pub display_name: Option<String>,
    /// The bot that speaks for the agent.
    pub bot_id: Option<String>,
    /// Its user name, without `@`.
    pub bot_username: Option<String>,
    /// Version of the agent.
    pub version: Option<String>,
    /// How they stand.
    pub status: UserAgentStatus,
    /// `active` or `revoked`: the newest binding.
    pub binding_status: Option<&'static str>,
    /// `pending`, `used`, `expired` or `revoked`: the newest code.
    pub pairing_status: Option<String>,
    /// The newest pairing.
    pub pairing_id: Option<String>,
    /// Where they talk, once they were bound.
    pub conversation_id: Option<String>,
    /// When the newest binding was made.
    pub bound_at: Option<i64>,
}

/// A user's agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// By key.
    pub agents: Vec<UserAgent>,
    /// The agent of the newest active binding.
    pub active_agent_key: Option<String>,
}

/// A user has so many agents at most; of more, the first by key are shown.
const AGENTS_MAX: i64 = 200;

const SELECT: &str = "SELECT u.consumer_user_id, u.agent_key, u.conversation_id, u.pairing_id, b.metadata, b.bound_at, b.revoked_at, \
    p.state, p.expires_at, a.version, a.enabled, t.bot_id, t.username, \
    (SELECT max(pending_until) FROM pairings w WHERE w.consumer_user_id = u.consumer_user_id AND w.agent_key = u.agent_key) AS waits \
    FROM user_agents u LEFT JOIN bindings b ON b.binding_id = u.binding_id LEFT JOIN pairings p ON p.pairing_id = u.pairing_id \
    LEFT JOIN agents a ON a.agent_key = u.agent_key LEFT JOIN bots t ON t.agent_key = u.agent_key WHERE u.consumer_user_id = ?1";

/// All agents of a user.
///
/// # Errors
/// When the database does not answer.
pub async fn overview<E: Engine>(cx: &Cx<'_, E>, consumer_user_id: &str) -> Result<Overview, OperationError> {
    let agents = select(cx, "ORDER BY u.agent_key LIMIT ?2", &[consumer_user_id.into(), AGENTS_MAX.into()]).await?;
    let bound = agents.iter().filter(|agent| agent.binding_status == Some("active"));
    let active_agent_key = bound.max_by_key(|agent| agent.bound_at).map(|agent| agent.agent_key.clone());
    Ok(Overview { agents, active_agent_key })
}

/// One agent of a user, if they ever had to do with each other.
///
/// # Errors
/// When the database does not answer.
pub async fn agent_of<E: Engine>(
    cx: &Cx<'_, E>,
    consumer_user_id: &str,
    agent_key: &str,
) -> Result<Option<UserAgent>, OperationError> {
    Ok(select(cx, "AND u.agent_key = ?2", &[consumer_user_id.into(), agent_key.into()]).await?.pop())
}

async fn select<E: Engine>(cx: &Cx<'_, E>, which: &str, params: &[Value]) -> Result<Vec<UserAgent>, OperationError> {
    let rows = cx.sql(&format!("{SELECT} {which}"), params).await?;
    let read = |row: Row<'_>| user_agent_of(&row, cx.now).ok_or_else(|| OperationError::unexpected("a row of user_agents"));
    rows.iter().map(read).collect()
}

fn user_agent_of(row: &Row<'_>, now: i64) -> Option<UserAgent> {
    let enabled = row.integer("enabled").map(|enabled| enabled != 0);
    let bound_at = row.integer("bound_at");
    let binding_status = bound_at.map(|_| if row.integer("revoked_at").is_none() { "active" } else { "revoked" });
    let waits = row.integer("waits").is_some_and(|until| until > now);
    let status = match (binding_status, enabled) {
        (Some("active"), Some(true)) => UserAgentStatus::Active,
        (Some("active"), _) => UserAgentStatus::Failed,
        _ if waits => UserAgentStatus::Pairing,
        (Some(_), _) | (None, Some(false)) => UserAgentStatus::Disabled,
        (None, _) => UserAgentStatus::Draft,
    };
    let metadata: BTreeMap<String, String> =
        row.text("metadata").and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let display_name = metadata.get("displayName").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    Some(UserAgent {
        consumer_user_id: row.text("consumer_user_id")?,
        agent_key: row.text("agent_key")?,
        display_name,
        bot_id: row.text("bot_id"),
        bot_username: row.text("username"),
        version: row.text("version"),
        status,
        binding_status,
        pairing_status: pairing_status(row, binding_status, waits, now),
        pairing_id: row.text("pairing_id"),
        conversation_id: row.text("conversation_id"),
        bound_at,
    })
}

/// A code that waits counts before a newer one that does not.
fn pairing_status(row: &Row<'_>, binding_status: Option<&str>, waits: bool, now: i64) -> Option<String> {
    if binding_status == Some("active") {
        return Some(USED.to_owned());
    }
    if waits {
        return Some(PENDING.to_owned());
    }
    let state = row.text("state")?;
    let late = state == PENDING && row.integer("expires_at").is_some_and(|at| at <= now);
    Some(if late { EXPIRED.to_owned() } else { state })
}
