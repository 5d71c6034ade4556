//! Handing messages to workers.

use clawstead_domain::config::LeasePolicy;
use clawstead_domain::conversation::{self, ConversationEvent, Waiting};
use clawstead_ledger::{Engine, Expected, Row, Value};
use serde_json::Value as Json;

use super::facts;
use crate::workers::Worker;
use crate::{Cx, OperationError, configs, decide};

/// A worker need not leave a conversation whose next message is ready within this time.
const SOON_MS: i64 = 120_000;

/// A message in the hands of a worker.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The message.
    pub message_id: String,
    /// Its conversation.
    pub conversation_id: String,
    /// Its agent.
    pub agent_key: String,
    /// Proof of having it.
    pub lease_id: String,
    /// The lease ends then, unless it is renewed.
    pub lease_expires_at: i64,
    /// The data of its `MessageEnqueued`.
    pub message: Json,
}

/// A head is free for a worker when nobody has its conversation, or this worker, or one that is silent.
const FREE: &str = "(h.worker_id IS NULL OR h.worker_id = ?2 OR NOT EXISTS (SELECT 1 FROM workers w JOIN worker_contacts k \
    ON k.worker_id = w.worker_id WHERE w.worker_id = h.worker_id AND w.state = 'active' AND k.last_seen_at > ?3))";

/// Heads that a worker can do anything with.
fn doable(worker: &Worker) -> &'static str {
    if worker.needs_bot { "AND h.has_bot = 1" } else { "" }
}

/// Hands the worker a message: of the conversation it asks for, else of the one it has, else of whichever waits longest
/// by rank. `None` when there is none for it.
///
/// # Errors
/// When the database does not do it.
pub async fn claim<E: Engine>(cx: &Cx<'_, E>, worker: &Worker, wanted: Option<&str>) -> Result<Option<Job>, OperationError> {
    if !worker.state.takes_work() {
        return Ok(None);
    }
    let policy: LeasePolicy = configs::load(cx).await?.get()?;
    decide(async || {
        let own = wanted.or(worker.conversation_id.as_deref());
        let mut found = match own {
            Some(conversation_id) => candidate(cx, worker, &policy, Some(conversation_id)).await?,
            None => None,
        };
        if found.is_none() && wanted.is_none() {
            found = candidate(cx, worker, &policy, None).await?;
        }
        let Some(candidate) = found else {
            return Ok(None);
        };
        match take(cx, worker, candidate, &policy).await {
            // It began to drain a moment ago.
            Err(OperationError::Rule(rule)) if rule == "worker_not_claimable" => Ok(None),
            outcome => outcome.map(Some),
        }
    })
    .await
}

/// Whether a message of the conversation can be claimed by this worker now or soon.
///
/// # Errors
/// When the database does not answer.
pub async fn has_queued<E: Engine>(cx: &Cx<'_, E>, worker: &Worker, conversation_id: &str) -> Result<bool, OperationError> {
    if !worker.state.takes_work() {
        return Ok(false);
    }
    let policy: LeasePolicy = configs::load(cx).await?.get()?;
    let doable = doable(worker);
    let sql = format!(
        "SELECT 1 AS found FROM queue_heads h WHERE h.conversation_id = ?4 AND h.paused = 0 AND h.ready_at <= ?1 AND {FREE} {doable}"
    );
    let params = free_params(cx.now + SOON_MS, worker, cx.now - policy.silent_after_ms, Some(conversation_id));
    Ok(cx.sql(&sql, &params).await?.first().is_some())
}

struct Candidate {
    conversation: conversation::Conversation,
    head: Waiting,
    message: Json,
}

async fn candidate<E: Engine>(
    cx: &Cx<'_, E>,
    worker: &Worker,
    policy: &LeasePolicy,
    of: Option<&str>,
) -> Result<Option<Candidate>, OperationError> {
    // What is ready has a rank of now at most, priorities not being negative. Said aloud, it keeps heads that are scheduled
    // for later out of the walk along the index.
    let which = if of.is_some() { "AND h.conversation_id = ?4" } else { "AND h.rank <= ?1 ORDER BY h.rank LIMIT 1" };
    let doable = doable(worker);
    let sql = format!(
        "SELECT c.conversation_id, c.stream_version, c.agent_key, c.lease_epoch, c.turn_count, \
         m.message_id, h.ready_at, m.deliveries, e.data \
         FROM queue_heads h JOIN conversations c ON c.conversation_id = h.conversation_id \
         JOIN messages m ON m.message_id = h.message_id JOIN events e ON e.position = m.position \
         WHERE h.paused = 0 AND h.ready_at <= ?1 AND {FREE} {doable} {which}"
    );
    let rows = cx.sql(&sql, &free_params(cx.now, worker, cx.now - policy.silent_after_ms, of)).await?;
    rows.first().map(|row| candidate_of(&row)).transpose()
}

fn free_params(ready_by: i64, worker: &Worker, silent_since: i64, of: Option<&str>) -> Vec<Value> {
    let mut params: Vec<Value> = vec![ready_by.into(), (&worker.worker_id).into(), silent_since.into()];
    params.extend(of.map(Value::from));
    params
}

fn candidate_of(row: &Row<'_>) -> Result<Candidate, OperationError> {
    let head = || {
        Some(Waiting {
            message_id: row.text("message_id")?,
            ready_at: row.integer("ready_at")?,
            deliveries: row.integer("deliveries")?,
        })
    };
    let message = row.text("data").and_then(|data| serde_json::from_str(&data).ok());
    let (Some(head), Some(message)) = (head(), message) else {
        return Err(OperationError::unexpected("a head of the queue"));
    };
    Ok(Candidate { conversation: facts::conversation_of(row)?, head, message })
}

async fn take<E: Engine>(
    cx: &Cx<'_, E>,
    worker: &Worker,
    candidate: Candidate,
    policy: &LeasePolicy,
) -> Result<Job, OperationError> {
    let Candidate { conversation, head, message } = candidate;
    let event = conversation::claim(&conversation, &head, &worker.worker_id, cx.new_id(), policy, cx.now)?;
    let ConversationEvent::MessageClaimed { message_id, lease_id, expires_at, .. } = event.clone() else {
        return Err(OperationError::unexpected("the decision of a claim"));
    };
    cx.append(&conversation.conversation_id, Expected::Version(conversation.stream_version), &[event]).await?;
    Ok(Job {
        message_id,
        conversation_id: conversation.conversation_id,
        agent_key: conversation.agent_key,
        lease_id,
        lease_expires_at: expires_at,
        message,
    })
}
