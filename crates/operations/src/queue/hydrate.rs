//! What a worker is given to do a message.

use clawstead_domain::Refusal;
use clawstead_domain::config::MessagesPolicy;
use clawstead_ledger::Engine;
use clawstead_vault::{KeyRing, Secret};
use serde_json::Value as Json;

use super::bridge::{BridgeRuntime, resolve_bridge};
use super::facts;
use super::gather::with_the_rest;
use super::history::newest_turns;
use super::turns::live_lease;
use super::views::TurnView;
use crate::workers::Worker;
use crate::{Cx, OperationError, agents, configs, secrets};

/// Everything for one message.
#[derive(Debug)]
pub struct Bundle {
    /// The message.
    pub message_id: String,
    /// Its conversation.
    pub conversation_id: String,
    /// Its agent.
    pub agent_key: String,
    /// The data of its `MessageEnqueued`, with what has come since: metadata, files, other parts of its album.
    pub message: Json,
    /// The newest turns within the budget of the policy `messages`, oldest of them first.
    pub turns: Vec<TurnView>,
    /// Instructions for every agent.
    pub system_prompt: Option<String>,
    /// Token of the agent's bot, if it has one.
    pub bot_token: Option<Secret<String>>,
    /// How the agent reaches its app, if it has a bridge.
    pub bridge: Option<BridgeRuntime>,
    pub(super) now: i64,
}

/// Hands over what is needed for a message, to the holder of its live lease and to nobody else.
///
/// # Errors
/// A refusal without the live lease, and for an agent that is disabled: its secrets stay where they are.
pub async fn hydrate<E: Engine>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    worker: &Worker,
    message_id: &str,
) -> Result<Bundle, OperationError> {
    let (conversation, message) = facts::held(cx, message_id).await?;
    if message.status.is_ended() {
        return Err(Refusal::conflict("message_already_ended", format!("the message is {}", message.status.as_str())).into());
    }
    let lease = live_lease(conversation.lease.as_ref().filter(|lease| lease.message_id == message_id), worker, cx.now)?;
    let agent = agents::find(cx, &conversation.agent_key).await?.filter(|agent| agent.enabled);
    let agent = agent.ok_or_else(|| Refusal::conflict("agent_disabled", "the agent is disabled"))?;
    let policy: MessagesPolicy = configs::load(cx).await?.get()?;
    let sql = "SELECT e.data, b.token_ref, b.bot_id, a.metadata FROM messages m JOIN events e ON e.position = m.position \
               LEFT JOIN bots b ON b.agent_key = m.agent_key LEFT JOIN message_metadata a ON a.message_id = m.message_id \
               WHERE m.message_id = ?1";
    let rows = cx.sql(sql, &[message_id.into()]).await?;
    let row = rows.first().ok_or_else(|| OperationError::unexpected("a message without its event"))?;
    let data = row.text("data").and_then(|data| serde_json::from_str(&data).ok());
    let attached = row.text("metadata").and_then(|text| serde_json::from_str(&text).ok());
    let bot_token = match row.text("token_ref") {
        Some(token_ref) => secrets::open(cx, keys, &token_ref).await?,
        None => None,
    };
    let mut message = with_metadata(data.ok_or_else(|| OperationError::unexpected("the data of a message"))?, attached);
    with_the_rest(cx, message_id, &mut message).await?;
    Ok(Bundle {
        message_id: lease.message_id.clone(),
        conversation_id: conversation.conversation_id.clone(),
        agent_key: conversation.agent_key.clone(),
        message,
        turns: newest_turns(cx, &conversation.conversation_id, &policy).await?,
        system_prompt: policy.system_prompt().map(str::to_owned),
        bot_token,
        bridge: resolve_bridge(cx, keys, &agent, row.text("bot_id")).await?,
        now: cx.now,
    })
}

/// What was attached later wins over what the message came with.
fn with_metadata(mut message: Json, attached: Option<serde_json::Map<String, Json>>) -> Json {
    if let (Some(metadata), Some(attached)) = (message["metadata"].as_object_mut(), attached) {
        metadata.extend(attached);
    }
    message
}
