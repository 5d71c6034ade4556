//! What a worker is given to do a message.

use clawstead_domain::Refusal;
use clawstead_ledger::Engine;
use clawstead_vault::{KeyRing, Secret};
use serde_json::Value as Json;

use super::facts;
use super::turns::live_lease;
use super::views::TurnView;
use crate::workers::Worker;
use crate::{Cx, OperationError, secrets};

/// Newest turns that are handed over, by number and by size.
const TURNS_MAX: i64 = 64;
const TURN_BYTES_MAX: usize = 512 * 1024;

/// Everything for one message.
#[derive(Debug)]
pub struct Bundle {
    /// The message.
    pub message_id: String,
    /// Its conversation.
    pub conversation_id: String,
    /// Its agent.
    pub agent_key: String,
    /// The data of its `MessageEnqueued`.
    pub message: Json,
    /// The newest turns, oldest of them first.
    pub turns: Vec<TurnView>,
    /// Token of the agent's bot, if it has one.
    pub bot_token: Option<Secret<String>>,
}

/// Hands over what is needed for a message, to the holder of its live lease and to nobody else.
///
/// # Errors
/// A refusal without the live lease.
pub async fn hydrate<E: Engine>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    worker: &Worker,
    message_id: &str,
) -> Result<Bundle, OperationError> {
    let (conversation, message) = facts::held(cx, message_id).await?;
    if matches!(message.status.as_str(), "done" | "dead_letter" | "cancelled") {
        return Err(Refusal::conflict("message_already_ended", format!("the message is {}", message.status.as_str())).into());
    }
    let lease = live_lease(conversation.lease.as_ref().filter(|lease| lease.message_id == message_id), worker, cx.now)?;
    let sql = "SELECT e.data, b.token_ref FROM messages m JOIN events e ON e.position = m.position \
               LEFT JOIN bots b ON b.agent_key = m.agent_key WHERE m.message_id = ?1";
    let rows = cx.sql(sql, &[message_id.into()]).await?;
    let row = rows.first().ok_or_else(|| OperationError::unexpected("a message without its event"))?;
    let data = row.text("data").and_then(|data| serde_json::from_str(&data).ok());
    let bot_token = match row.text("token_ref") {
        Some(token_ref) => secrets::open(cx, keys, &token_ref).await?,
        None => None,
    };
    Ok(Bundle {
        message_id: lease.message_id.clone(),
        conversation_id: conversation.conversation_id.clone(),
        agent_key: conversation.agent_key.clone(),
        message: data.ok_or_else(|| OperationError::unexpected("the data of a message"))?,
        turns: newest_turns(cx, &conversation.conversation_id).await?,
        bot_token,
    })
}

async fn newest_turns<E: Engine>(cx: &Cx<'_, E>, conversation_id: &str) -> Result<Vec<TurnView>, OperationError> {
    let sql = "SELECT turn_no, role, content, at FROM turns WHERE conversation_id = ?1 ORDER BY turn_no DESC LIMIT ?2";
    let rows = cx.sql(sql, &[conversation_id.into(), TURNS_MAX.into()]).await?;
    let mut bytes = 0;
    let fits = |turn: &TurnView| {
        bytes += turn.content.len();
        bytes <= TURN_BYTES_MAX
    };
    let mut turns: Vec<TurnView> = rows.iter().filter_map(|row| TurnView::of(&row)).take_while(fits).collect();
    turns.reverse();
    Ok(turns)
}
