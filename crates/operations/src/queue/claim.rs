//! Handing messages to workers.

use std::cell::Cell;

use clawstead_domain::config::LeasePolicy;
use clawstead_domain::conversation::{self, Claimant, ConversationEvent, Waiting};
use clawstead_ledger::{Engine, Expected, Row, Value};
use clawstead_mutation::{Mutation, made};
use serde_json::Value as Json;

use super::facts;
use crate::workers::{Scope, Worker};
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

/// What a worker asks for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish<'a> {
    /// The conversation; none for whichever comes first.
    pub conversation_id: Option<&'a str>,
    /// What it calls this claim. As long as the lease of a claim lasts, the same worker is given the same job for the same key: it can ask
    /// again when an answer did not reach it.
    pub claim_key: Option<&'a str>,
}

/// A head is free for a worker when nobody has its conversation, or this worker, or one that is silent; and no other one that is
/// draining still has to hand in what it knows of it.
const FREE: &str = "(h.worker_id IS NULL OR h.worker_id = ?2 OR NOT EXISTS (SELECT 1 FROM workers w JOIN worker_contacts k \
    ON k.worker_id = w.worker_id WHERE w.worker_id = h.worker_id AND w.state = 'active' AND k.last_seen_at > ?3)) \
    AND NOT EXISTS (SELECT 1 FROM unsaved_work u JOIN workers d ON d.worker_id = u.worker_id WHERE u.conversation_id = h.conversation_id \
    AND u.worker_id <> ?2 AND d.state = 'draining' AND d.drain_deadline_at > ?1)";

/// Heads that a worker can do anything with.
fn doable(worker: &Worker) -> &'static str {
    if worker.needs_bot { "AND h.has_bot = 1" } else { "" }
}

/// Among how many of the first heads claimers choose by dice. One claimer alone takes the first; the more often claimers meet,
/// the farther they spread, so that they meet rarely. Shared by all claims of an instance.
#[derive(Debug)]
pub struct ClaimSpread(Cell<u64>);

/// Wide enough for dozens of claims at once, and passed by the queue in a moment when there are so many.
const SPREAD_MAX: u64 = 64;

impl Default for ClaimSpread {
    fn default() -> Self {
        Self(Cell::new(1))
    }
}

impl ClaimSpread {
    fn widen(&self) {
        self.0.set((self.0.get() * 2).min(SPREAD_MAX));
    }

    /// By one after each claim that met nobody: claimers that met once are likely to meet again soon.
    fn narrow(&self) {
        self.0.set((self.0.get() - 1).max(1));
    }

    /// There are no more than so many heads.
    fn narrow_to(&self, heads: u64) {
        self.0.set(self.0.get().min(heads).max(1));
    }
}

/// As [`claim_among`], for whoever makes one claim only.
///
/// # Errors
/// When the database does not do it.
pub async fn claim<E: Engine>(cx: &Cx<'_, E>, worker: &Worker, wanted: Option<&str>) -> Result<Option<Job>, OperationError> {
    claim_among(cx, &ClaimSpread::default(), worker, Wish { conversation_id: wanted, claim_key: None }).await
}

/// Hands the worker a message: of the conversation it asks for, else of the one it has, else of whichever waits longest
/// by rank, give or take the spread. `None` when there is none for it, or others took what there was.
///
/// # Errors
/// When the database does not do it.
pub async fn claim_among<E: Engine>(
    cx: &Cx<'_, E>,
    spread: &ClaimSpread,
    worker: &Worker,
    wish: Wish<'_>,
) -> Result<Option<Job>, OperationError> {
    if let Some(job) = again(cx, worker, wish.claim_key).await? {
        return Ok(Some(job));
    }
    if !worker.state.takes_work() {
        return Ok(None);
    }
    let wanted = wish.conversation_id;
    let wanted = match worker.scope() {
        Scope::Any => wanted,
        Scope::One(own) if wanted.is_none_or(|wanted| wanted == own) => Some(own),
        Scope::One(_) | Scope::None => return Ok(None),
    };
    let policy: LeasePolicy = configs::load(cx).await?.get()?;
    let claimed = decide(async || {
        let own = wanted.or(worker.conversation_id.as_deref());
        let mut found = match own {
            Some(conversation_id) => candidate(cx, worker, &policy, Which::Of(conversation_id)).await?,
            None => None,
        };
        if found.is_none() && wanted.is_none() {
            found = any_candidate(cx, spread, worker, &policy).await?;
        }
        let Some(candidate) = found else {
            return Ok(None);
        };
        let claimant = Claimant { worker_id: &worker.worker_id, claim_key: wish.claim_key };
        let taken = take(cx, claimant, candidate, &policy).await;
        match taken {
            Err(OperationError::Raced) => spread.widen(),
            _ => spread.narrow(),
        }
        taken.map(Some)
    })
    .await;
    match claimed {
        // It began to drain a moment ago.
        Err(OperationError::Rule(rule)) if rule == "worker_not_claimable" => Ok(None),
        // The same claim, made twice at once: the other one was faster.
        Err(OperationError::Rule(rule)) if rule == "claim_key_is_taken" => again(cx, worker, wish.claim_key).await,
        // It will ask again, and there may be nothing left.
        Err(OperationError::Raced) => Ok(None),
        outcome => outcome,
    }
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
    let params = free_params(cx.now + SOON_MS, worker, cx.now - policy.silent_after_ms, conversation_id.into());
    Ok(cx.sql(&sql, &params).await?.first().is_some())
}

struct Candidate {
    conversation: conversation::Conversation,
    head: Waiting,
    message: Json,
}

/// Which head is looked at.
#[derive(Clone, Copy)]
enum Which<'a> {
    /// That of this conversation.
    Of(&'a str),
    /// By rank, after so many others.
    After(u64),
}

/// One of the first heads by rank, by dice.
async fn any_candidate<E: Engine>(
    cx: &Cx<'_, E>,
    spread: &ClaimSpread,
    worker: &Worker,
    policy: &LeasePolicy,
) -> Result<Option<Candidate>, OperationError> {
    loop {
        let after = cx.roll() % spread.0.get();
        let found = candidate(cx, worker, policy, Which::After(after)).await?;
        if found.is_some() || after == 0 {
            return Ok(found);
        }
        spread.narrow_to(after);
    }
}

async fn candidate<E: Engine>(
    cx: &Cx<'_, E>,
    worker: &Worker,
    policy: &LeasePolicy,
    which: Which<'_>,
) -> Result<Option<Candidate>, OperationError> {
    // What is ready has a rank of now at most, priorities not being negative. Said aloud, it keeps heads that are scheduled
    // for later out of the walk along the index. Only the head that was found is joined with what it belongs to.
    let doable = doable(worker);
    let free = format!("h.paused = 0 AND h.ready_at <= ?1 AND {FREE} {doable}");
    let (which, of) = match which {
        Which::Of(conversation_id) => (format!("?4 AND {free}"), Value::from(conversation_id)),
        Which::After(heads) => {
            let nth = "AND h.rank <= ?1 ORDER BY h.rank LIMIT 1 OFFSET ?4";
            (format!("(SELECT h.conversation_id FROM queue_heads h WHERE {free} {nth})"), Value::Integer(heads.cast_signed()))
        }
    };
    let sql = format!(
        "SELECT c.conversation_id, c.stream_version, c.agent_key, c.lease_epoch, c.turn_count, \
         m.message_id, h.ready_at, m.deliveries, e.data \
         FROM queue_heads h JOIN conversations c ON c.conversation_id = h.conversation_id \
         JOIN messages m ON m.message_id = h.message_id JOIN events e ON e.position = m.position \
         WHERE h.conversation_id = {which}"
    );
    let ready_by = if made(Mutation::Impatient) { cx.now + SOON_MS } else { cx.now };
    let rows = cx.sql(&sql, &free_params(ready_by, worker, cx.now - policy.silent_after_ms, of)).await?;
    rows.first().map(|row| candidate_of(&row)).transpose()
}

fn free_params(ready_by: i64, worker: &Worker, silent_since: i64, of: Value) -> [Value; 4] {
    [ready_by.into(), (&worker.worker_id).into(), silent_since.into(), of]
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

/// The job that this claim brought before, while its lease lasts.
async fn again<E: Engine>(cx: &Cx<'_, E>, worker: &Worker, claim_key: Option<&str>) -> Result<Option<Job>, OperationError> {
    let Some(claim_key) = claim_key else { return Ok(None) };
    let sql = "SELECT l.message_id, l.conversation_id, m.agent_key, l.lease_id, \
               max(l.expires_at, coalesce(r.expires_at, 0)) AS ends_at, e.data \
               FROM leases l JOIN messages m ON m.message_id = l.message_id JOIN events e ON e.position = m.position \
               LEFT JOIN lease_renewals r ON r.lease_id = l.lease_id WHERE l.worker_id = ?1 AND l.claim_key = ?2";
    let rows = cx.sql(sql, &[(&worker.worker_id).into(), claim_key.into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let job = || {
        Some(Job {
            message_id: row.text("message_id")?,
            conversation_id: row.text("conversation_id")?,
            agent_key: row.text("agent_key")?,
            lease_id: row.text("lease_id")?,
            lease_expires_at: row.integer("ends_at")?,
            message: serde_json::from_str(&row.text("data")?).ok()?,
        })
    };
    let job = job().ok_or_else(|| OperationError::unexpected("the job of a claim"))?;
    Ok(Some(job).filter(|job| job.lease_expires_at > cx.now))
}

async fn take<E: Engine>(
    cx: &Cx<'_, E>,
    claimant: Claimant<'_>,
    candidate: Candidate,
    policy: &LeasePolicy,
) -> Result<Job, OperationError> {
    let Candidate { conversation, head, message } = candidate;
    let event = conversation::claim(&conversation, &head, claimant, cx.new_id(), policy, cx.now)?;
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
