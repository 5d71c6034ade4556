//! Messages, conversations and turns, for reading.

use clawstead_domain::Refusal;
use clawstead_ledger::{Engine, Row};
use serde::Serialize;

use crate::{Cx, OperationError};

/// A message, without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are those of the view, explained in its SQL file")]
pub struct MessageView {
    pub message_id: String,
    pub conversation_id: String,
    pub agent_key: String,
    pub provider: String,
    pub external_id: Option<String>,
    pub status: String,
    pub priority: i64,
    pub enqueued_at: i64,
    pub ready_at: i64,
    pub attempts: i64,
    pub deliveries: i64,
    pub max_attempts: i64,
    pub last_error: Option<String>,
    pub ended_at: Option<i64>,
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are those of the view, explained in its SQL file")]
pub struct ConversationView {
    pub conversation_id: String,
    pub agent_key: String,
    pub worker_id: Option<String>,
    pub processing_message_id: Option<String>,
    pub next_message_id: Option<String>,
    pub next_ready_at: Option<i64>,
    pub next_waits_for: Option<WaitsFor>,
    pub paused: bool,
    pub open_count: i64,
    pub turn_count: i64,
    pub user_turn_at: Option<i64>,
    pub agent_turn_at: Option<i64>,
    pub created_at: i64,
}

/// What the next message of a conversation waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitsFor {
    /// Its agent is disabled.
    Agent,
    /// Its time: it is scheduled, or its next try is.
    Time,
    /// Its agent has no bot. Workers that cannot work without a bot token do not get it; those of our own protocol do.
    Bot,
    /// The worker that had it last, which is leaving: it still has to hand in what it knows of the conversation. At the deadline of
    /// its drain nobody waits any more.
    Handover,
    /// A worker.
    Worker,
}

/// The columns of a [`MessageView`].
pub(super) const MESSAGE_COLUMNS: &str = "message_id, conversation_id, agent_key, provider, external_id, status, priority, \
    enqueued_at, ready_at, attempts, deliveries, max_attempts, last_error, ended_at";

/// A turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are those of the view, explained in its SQL file")]
pub struct TurnView {
    pub turn_no: i64,
    pub role: String,
    pub content: String,
    pub at: i64,
}

/// One message.
///
/// # Errors
/// When there is none.
pub async fn message<E: Engine>(cx: &Cx<'_, E>, message_id: &str) -> Result<MessageView, OperationError> {
    let sql = format!("SELECT {MESSAGE_COLUMNS} FROM messages WHERE message_id = ?1");
    let rows = cx.sql(&sql, &[message_id.into()]).await?;
    let found = rows.first().and_then(|row| MessageView::of(&row));
    Ok(found.ok_or_else(|| Refusal::not_found("message_not_found", "there is no such message"))?)
}

/// One conversation.
///
/// # Errors
/// When there is none.
pub async fn conversation<E: Engine>(cx: &Cx<'_, E>, conversation_id: &str) -> Result<ConversationView, OperationError> {
    let sql = "SELECT c.conversation_id, c.agent_key, c.worker_id, l.message_id AS processing_message_id, h.message_id AS next_message_id, \
               h.ready_at AS next_ready_at, coalesce(h.paused, 0) AS paused, h.has_bot, \
               EXISTS (SELECT 1 FROM unsaved_work u JOIN workers d ON d.worker_id = u.worker_id \
                 WHERE u.conversation_id = c.conversation_id AND d.state = 'draining' AND d.drain_deadline_at > ?2) AS is_handed_over, c.open_count, c.turn_count, c.user_turn_at, \
               c.agent_turn_at, c.created_at \
               FROM conversations c LEFT JOIN leases l ON l.conversation_id = c.conversation_id \
               LEFT JOIN queue_heads h ON h.conversation_id = c.conversation_id WHERE c.conversation_id = ?1";
    let rows = cx.sql(sql, &[conversation_id.into(), cx.now.into()]).await?;
    let found = rows.first().and_then(|row| conversation_of(&row, cx.now));
    Ok(found.ok_or_else(|| Refusal::not_found("conversation_not_found", "there is no such conversation"))?)
}

/// Turns of a conversation after a turn number, oldest first.
///
/// # Errors
/// When there is no such conversation.
pub async fn turns<E: Engine>(
    cx: &Cx<'_, E>,
    conversation_id: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<TurnView>, OperationError> {
    let sql =
        "SELECT turn_no, role, content, at FROM turns WHERE conversation_id = ?1 AND turn_no > ?2 ORDER BY turn_no LIMIT ?3";
    let rows = cx.sql(sql, &[conversation_id.into(), after.into(), limit.into()]).await?;
    if rows.rows.is_empty() {
        conversation(cx, conversation_id).await?;
    }
    Ok(rows.iter().filter_map(|row| TurnView::of(&row)).collect())
}

impl TurnView {
    pub(super) fn of(row: &Row<'_>) -> Option<Self> {
        Some(Self {
            turn_no: row.integer("turn_no")?,
            role: row.text("role")?,
            content: row.text("content")?,
            at: row.integer("at")?,
        })
    }
}

impl MessageView {
    pub(super) fn of(row: &Row<'_>) -> Option<Self> {
        Some(Self {
            message_id: row.text("message_id")?,
            conversation_id: row.text("conversation_id")?,
            agent_key: row.text("agent_key")?,
            provider: row.text("provider")?,
            external_id: row.text("external_id"),
            status: row.text("status")?,
            priority: row.integer("priority")?,
            enqueued_at: row.integer("enqueued_at")?,
            ready_at: row.integer("ready_at")?,
            attempts: row.integer("attempts")?,
            deliveries: row.integer("deliveries")?,
            max_attempts: row.integer("max_attempts")?,
            last_error: row.text("last_error"),
            ended_at: row.integer("ended_at"),
        })
    }
}

fn conversation_of(row: &Row<'_>, now: i64) -> Option<ConversationView> {
    Some(ConversationView {
        conversation_id: row.text("conversation_id")?,
        agent_key: row.text("agent_key")?,
        worker_id: row.text("worker_id"),
        processing_message_id: row.text("processing_message_id"),
        next_message_id: row.text("next_message_id"),
        next_ready_at: row.integer("next_ready_at"),
        next_waits_for: row.integer("next_ready_at").map(|ready_at| waits_for(row, ready_at, now)),
        paused: row.flag("paused"),
        open_count: row.integer("open_count")?,
        turn_count: row.integer("turn_count")?,
        user_turn_at: row.integer("user_turn_at"),
        agent_turn_at: row.integer("agent_turn_at"),
        created_at: row.integer("created_at")?,
    })
}

fn waits_for(row: &Row<'_>, ready_at: i64, now: i64) -> WaitsFor {
    if row.flag("paused") {
        return WaitsFor::Agent;
    }
    if ready_at > now {
        return WaitsFor::Time;
    }
    if !row.flag("has_bot") {
        return WaitsFor::Bot;
    }
    if row.flag("is_handed_over") {
        return WaitsFor::Handover;
    }
    WaitsFor::Worker
}
