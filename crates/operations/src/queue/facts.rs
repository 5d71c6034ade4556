//! The facts that queue decisions need, one read each.

use clawstead_domain::Refusal;
use clawstead_domain::conversation::{Conversation, Lease, Message, Status};
use clawstead_ledger::{Engine, Row};

use crate::{Cx, OperationError};

/// Conversation and lease, as every query below selects them. A lease ends when its claim or its last renewal says.
const CONVERSATION: &str = "c.conversation_id, c.stream_version, c.agent_key, c.lease_epoch, c.turn_count, \
    l.message_id AS lease_message_id, l.lease_id AS lease_lease_id, l.worker_id AS lease_worker_id, \
    max(l.expires_at, coalesce(r.expires_at, 0)) AS lease_expires_at";
const LEASE: &str =
    "LEFT JOIN leases l ON l.conversation_id = c.conversation_id LEFT JOIN lease_renewals r ON r.lease_id = l.lease_id";
const MESSAGE: &str = "m.message_id, m.status, m.priority, m.attempts, m.deliveries, m.max_attempts, m.lease_id, m.worker_id";

/// A message and its conversation.
pub(super) async fn held<E: Engine>(cx: &Cx<'_, E>, message_id: &str) -> Result<(Conversation, Message), OperationError> {
    let sql = format!(
        "SELECT {CONVERSATION}, {MESSAGE} FROM messages m JOIN conversations c ON c.conversation_id = m.conversation_id {LEASE} \
         WHERE m.message_id = ?1"
    );
    let rows = cx.sql(&sql, &[message_id.into()]).await?;
    let row = rows.first().ok_or_else(|| Refusal::not_found("message_not_found", "there is no such message"))?;
    Ok((conversation_of(&row)?, message_of(&row)?))
}

/// A conversation with the message that is in flight, if one is.
pub(super) async fn in_flight<E: Engine>(
    cx: &Cx<'_, E>,
    conversation_id: &str,
) -> Result<Option<(Conversation, Message)>, OperationError> {
    let sql = format!(
        "SELECT {CONVERSATION}, {MESSAGE} FROM conversations c {LEASE} JOIN messages m ON m.message_id = l.message_id \
         WHERE c.conversation_id = ?1"
    );
    let rows = cx.sql(&sql, &[conversation_id.into()]).await?;
    rows.first().map(|row| Ok((conversation_of(&row)?, message_of(&row)?))).transpose()
}

/// A conversation.
pub(super) async fn conversation<E: Engine>(cx: &Cx<'_, E>, conversation_id: &str) -> Result<Conversation, OperationError> {
    let sql = format!("SELECT {CONVERSATION} FROM conversations c {LEASE} WHERE c.conversation_id = ?1");
    let rows = cx.sql(&sql, &[conversation_id.into()]).await?;
    let row = rows.first().ok_or_else(|| Refusal::not_found("conversation_not_found", "there is no such conversation"))?;
    conversation_of(&row)
}

pub(super) fn conversation_of(row: &Row<'_>) -> Result<Conversation, OperationError> {
    let read = || {
        Some(Conversation {
            conversation_id: row.text("conversation_id")?,
            stream_version: row.integer("stream_version")?,
            agent_key: row.text("agent_key")?,
            lease_epoch: row.integer("lease_epoch")?,
            turn_count: row.integer("turn_count")?,
            lease: lease_of(row),
        })
    };
    read().ok_or_else(|| OperationError::unexpected("a row of conversations"))
}

fn lease_of(row: &Row<'_>) -> Option<Lease> {
    Some(Lease {
        message_id: row.text("lease_message_id")?,
        lease_id: row.text("lease_lease_id")?,
        worker_id: row.text("lease_worker_id")?,
        expires_at: row.integer("lease_expires_at")?,
    })
}

fn message_of(row: &Row<'_>) -> Result<Message, OperationError> {
    let read = || {
        Some(Message {
            message_id: row.text("message_id")?,
            status: Status::parse(&row.text("status")?)?,
            priority: row.integer("priority")?,
            attempts: row.integer("attempts")?,
            deliveries: row.integer("deliveries")?,
            max_attempts: row.integer("max_attempts")?,
            lease_id: row.text("lease_id"),
            worker_id: row.text("worker_id"),
        })
    };
    read().ok_or_else(|| OperationError::unexpected("a row of messages"))
}
