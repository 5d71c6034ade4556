//! Figures of the conversation of a user and an agent.

use clawstead_ledger::Engine;
use serde::Serialize;

use crate::{Cx, OperationError};

/// Figures of a conversation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ConversationStats {
    /// Turns that were said.
    pub context_messages: i64,
    /// Messages that have not ended.
    pub queued_messages: i64,
    /// Messages that ended without an answer: dead letters, and what was withdrawn or put away.
    pub failed_messages: i64,
}

/// Figures of what a user and an agent talk about; all zero unless the user is bound to the agent now, and the agent enabled.
///
/// # Errors
/// When the database does not answer.
pub async fn conversation_stats<E: Engine>(
    cx: &Cx<'_, E>,
    consumer_user_id: &str,
    agent_key: &str,
) -> Result<ConversationStats, OperationError> {
    let sql = "SELECT c.turn_count, c.open_count, coalesce(f.n, 0) AS failed FROM bindings b \
               JOIN agents a ON a.agent_key = b.agent_key AND a.enabled = 1 \
               JOIN conversations c ON c.conversation_id = b.conversation_id \
               LEFT JOIN conversation_failures f ON f.conversation_id = c.conversation_id \
               WHERE b.active_consumer_user_id = ?1 AND b.agent_key = ?2";
    let rows = cx.sql(sql, &[consumer_user_id.into(), agent_key.into()]).await?;
    let Some(row) = rows.first() else { return Ok(ConversationStats::default()) };
    let number = |name: &str| row.integer(name).unwrap_or(0);
    Ok(ConversationStats {
        context_messages: number("turn_count"),
        queued_messages: number("open_count"),
        failed_messages: number("failed"),
    })
}
