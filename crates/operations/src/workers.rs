//! Workers: registering, recognising, and seeing them.

use clawstead_domain::config::LeasePolicy;
use clawstead_domain::worker::{self, State, WorkerEvent};
use clawstead_ledger::{Engine, Expected, Row};
use clawstead_vault::{mint_token, sha256_hex};
use serde::Serialize;

use crate::{Cx, OperationError, configs};

/// Contacts closer together than this are one: a busy worker costs one write a second, not one a call.
const CONTACT_RESOLUTION_MS: i64 = 1_000;

/// A worker, as its own calls and the operator see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Worker {
    /// Its id.
    pub worker_id: String,
    /// For people.
    pub name: Option<String>,
    /// `fly` or `external`.
    pub provider: String,
    /// Where it is in its life.
    pub state: State,
    /// The conversation it works for.
    pub conversation_id: Option<String>,
    /// The conversation it was made for.
    pub wanted_for: Option<String>,
    /// Why it is drained.
    pub drain_reason: Option<String>,
    /// Its drain ends then at the latest.
    pub drain_deadline_at: Option<i64>,
    /// Its volume holds what it did not hand in, and is kept until then.
    pub volume_keep_until: Option<i64>,
    /// App that holds its machine.
    pub app_name: Option<String>,
    /// Its machine.
    pub machine_id: Option<String>,
    /// Messages it has in flight.
    pub load: i64,
    /// Its last authenticated contact.
    pub last_seen_at: Option<i64>,
    /// Whether it can do nothing without a bot token: so with workers that speak the function-call protocol, which fail every
    /// job of an agent that has no bot (worker-wire.md section 2 step 9).
    #[serde(skip)]
    pub needs_bot: bool,
    /// How many conversations it may work for.
    #[serde(skip)]
    pub conversations_max: i64,
    /// Version of its stream.
    #[serde(skip)]
    pub stream_version: i64,
}

/// Which conversations a worker may claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Any.
    Any,
    /// This one for life.
    One(&'a str),
    /// None until it is given one.
    None,
}

impl Worker {
    /// A worker of ours keeps to the conversation that it was made for, unless its image takes any; one of somebody's own takes
    /// what it likes.
    #[must_use]
    pub fn scope(&self) -> Scope<'_> {
        if self.provider == "external" || self.conversations_max > 1 {
            return Scope::Any;
        }
        match self.conversation_id.as_deref().or(self.wanted_for.as_deref()) {
            Some(conversation_id) => Scope::One(conversation_id),
            None => Scope::None,
        }
    }
}

/// A worker that was just registered. The only time anybody sees its token.
#[derive(Debug, Serialize)]
pub struct Registered {
    /// Its id.
    pub worker_id: String,
    /// Its token.
    pub token: String,
}

/// Registers a worker of somebody's own.
///
/// # Errors
/// When the name cannot be.
pub async fn register<E: Engine>(cx: &Cx<'_, E>, name: Option<String>) -> Result<Registered, OperationError> {
    let worker_id = cx.new_id();
    let token = mint_token("cwk", cx.random());
    let event = worker::register(name, sha256_hex(&token))?;
    cx.append(&worker_id, Expected::Version(0), &[event]).await?;
    Ok(Registered { worker_id, token })
}

/// The worker that a token belongs to, unless it has stopped.
///
/// # Errors
/// When the database does not answer.
pub async fn by_token<E: Engine>(cx: &Cx<'_, E>, token: &str) -> Result<Option<Worker>, OperationError> {
    let sql = format!("{SELECT} WHERE w.token_hash = ?1 AND w.state <> 'stopped'");
    Ok(cx.sql(&sql, &[sha256_hex(token).into()]).await?.first().and_then(|row| worker_of(&row)))
}

/// The worker with this id, also one that has stopped.
///
/// # Errors
/// When the database does not answer.
pub async fn by_id<E: Engine>(cx: &Cx<'_, E>, worker_id: &str) -> Result<Option<Worker>, OperationError> {
    let sql = format!("{SELECT} WHERE w.worker_id = ?1");
    Ok(cx.sql(&sql, &[worker_id.into()]).await?.first().and_then(|row| worker_of(&row)))
}

/// Workers by id, after `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn list<E: Engine>(cx: &Cx<'_, E>, after: &str, limit: i64) -> Result<Vec<Worker>, OperationError> {
    let sql = format!("{SELECT} WHERE w.worker_id > ?1 ORDER BY w.worker_id LIMIT ?2");
    Ok(cx.sql(&sql, &[after.into(), limit.into()]).await?.iter().filter_map(|row| worker_of(&row)).collect())
}

/// All workers that have not stopped, draining and stopping ones included: they may still be billed.
///
/// # Errors
/// When the database does not answer.
pub async fn live<E: Engine>(cx: &Cx<'_, E>) -> Result<Vec<Worker>, OperationError> {
    let sql = format!("{SELECT} WHERE w.state IN ('requested', 'active', 'draining', 'stopping') ORDER BY w.requested_at");
    Ok(cx.sql(&sql, &[]).await?.iter().filter_map(|row| worker_of(&row)).collect())
}

/// Whether a worker that is there, or on its way, has nothing in flight. One that waits to be given a conversation is not free
/// to take one.
///
/// # Errors
/// When the database does not answer.
pub async fn any_free<E: Engine>(cx: &Cx<'_, E>) -> Result<bool, OperationError> {
    let policy: LeasePolicy = configs::load(cx).await?.get()?;
    let sql = "SELECT 1 FROM workers w LEFT JOIN worker_contacts c ON c.worker_id = w.worker_id \
               WHERE w.state IN ('requested', 'active') AND (w.state = 'requested' OR c.last_seen_at > ?1) \
               AND (w.provider = 'external' OR w.conversations_max > 1 OR w.wanted_for IS NOT NULL) \
               AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.worker_id = w.worker_id) LIMIT 1";
    Ok(cx.sql(sql, &[(cx.now - policy.silent_after_ms).into()]).await?.first().is_some())
}

/// Notes a sign of life. Any authenticated call is one.
///
/// # Errors
/// When the database does not answer.
pub async fn saw<E: Engine>(cx: &Cx<'_, E>, worker: &Worker) -> Result<(), OperationError> {
    if worker.state == State::Requested {
        match cx.append(&worker.worker_id, Expected::Version(worker.stream_version), &[WorkerEvent::WorkerSeen {}]).await {
            // Somebody else noted it, or the worker is on its way out: either is fine.
            Ok(()) | Err(OperationError::Raced) => {}
            Err(error) => return Err(error),
        }
    }
    if worker.last_seen_at.is_some_and(|at| cx.now - at < CONTACT_RESOLUTION_MS) {
        return Ok(());
    }
    contacted(cx, &worker.worker_id).await
}

/// Notes a contact of a worker that is known by something else than its token, such as a link to a file.
///
/// # Errors
/// When the database does not answer.
pub async fn contacted<E: Engine>(cx: &Cx<'_, E>, worker_id: &str) -> Result<(), OperationError> {
    let sql = "INSERT INTO worker_contacts (worker_id, last_seen_at) VALUES (?1, ?2) \
               ON CONFLICT (worker_id) DO UPDATE SET last_seen_at = max(last_seen_at, excluded.last_seen_at)";
    cx.sql(sql, &[worker_id.into(), cx.now.into()]).await?;
    Ok(())
}

const SELECT: &str = "SELECT w.worker_id, w.name, w.provider, w.state, w.conversation_id, w.app_name, w.machine_id, w.stream_version, \
    w.wanted_for, w.conversations_max, w.drain_reason, w.drain_deadline_at, w.volume_keep_until, c.last_seen_at, (SELECT count(*) FROM leases l WHERE l.worker_id = w.worker_id) AS load \
    FROM workers w LEFT JOIN worker_contacts c ON c.worker_id = w.worker_id";

fn worker_of(row: &Row<'_>) -> Option<Worker> {
    Some(Worker {
        worker_id: row.text("worker_id")?,
        name: row.text("name"),
        provider: row.text("provider")?,
        state: State::parse(&row.text("state")?)?,
        conversation_id: row.text("conversation_id"),
        wanted_for: row.text("wanted_for"),
        drain_reason: row.text("drain_reason"),
        drain_deadline_at: row.integer("drain_deadline_at"),
        volume_keep_until: row.integer("volume_keep_until"),
        conversations_max: row.integer("conversations_max")?,
        app_name: row.text("app_name"),
        machine_id: row.text("machine_id"),
        load: row.integer("load")?,
        last_seen_at: row.integer("last_seen_at"),
        needs_bot: false,
        stream_version: row.integer("stream_version")?,
    })
}
