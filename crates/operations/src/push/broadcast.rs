//! Broadcasts. That one is wanted is recorded first; then users and agents are walked in steps, at once as far as there is time, and by the
//! tick. A step sends its messages and then records how far it went; one that was interrupted is done again, and sends nothing twice.

use clawstead_domain::Refusal;
use clawstead_domain::binding::Binding;
use clawstead_domain::push::{
    self, Broadcast, BroadcastDraft, BroadcastEvent, Failure, Step, broadcast_not_found, metadata_of_broadcast, text_of_broadcast,
};
use clawstead_ledger::{Engine, Expected, Row, dedup_key};

use crate::{Cx, OperationError, bindings, decide, queue};

/// So many bindings a step looks at.
const STEP: i64 = 50;
/// So many steps a request does at once.
const STEPS_AT_ONCE: usize = 4;

const COLUMNS: &str = "broadcast_id, company_id, title, text, requested_by, agents, users, status, total_targets, enqueued, failed, \
    started_at, completed_at, request_hash, through_user, through_agent, stream_version FROM broadcasts";

/// Begins a broadcast, and gives it as it is when as much of it is done as one request does. With a dedup key, the same request again is
/// given the first.
///
/// # Errors
/// When a value cannot be, or the key came with another request before.
pub async fn send_broadcast<E: Engine>(
    cx: &Cx<'_, E>,
    draft: &BroadcastDraft,
    dedup_key: Option<String>,
) -> Result<Broadcast, OperationError> {
    let event = push::start_broadcast(draft)?;
    let mut broadcast_id = cx.new_id();
    match dedup_key {
        None => cx.append(&broadcast_id, Expected::Version(0), &[event]).await?,
        Some(key) => {
            if let Some(first) = cx.append_once(&broadcast_id, Expected::Version(0), &[event], key).await? {
                let reused =
                    || Refusal::conflict("idempotency_key_reused", "the idempotency key came with another request before");
                broadcast_id = first.stream.strip_prefix("broadcast-").ok_or_else(reused)?.to_owned();
                if broadcast(cx, &broadcast_id).await?.request_hash != draft.request_hash {
                    return Err(reused().into());
                }
            }
        }
    }
    for _ in 0..STEPS_AT_ONCE {
        if !step(cx, &broadcast_id).await? {
            break;
        }
    }
    broadcast(cx, &broadcast_id).await
}

/// Goes on with broadcasts that are not at their end, at most `limit` steps; gives how many.
///
/// # Errors
/// When the database does not answer; what was sent stays.
pub async fn advance_broadcasts<E: Engine>(cx: &Cx<'_, E>, limit: i64) -> Result<i64, OperationError> {
    let sql = "SELECT broadcast_id FROM broadcasts WHERE status = 'running' AND stepped_at <= ?2 ORDER BY stepped_at LIMIT ?1";
    let mut steps = 0;
    for row in cx.sql(sql, &[limit.into(), cx.now.into()]).await?.iter() {
        let broadcast_id = row.text("broadcast_id").ok_or_else(|| OperationError::unexpected("a row of broadcasts"))?;
        while steps < limit {
            steps += 1;
            if !step(cx, &broadcast_id).await? {
                break;
            }
        }
    }
    Ok(steps)
}

/// One step; whether there is another.
async fn step<E: Engine>(cx: &Cx<'_, E>, broadcast_id: &str) -> Result<bool, OperationError> {
    decide(async || {
        let known = broadcast(cx, broadcast_id).await?;
        if known.status != "running" {
            return Ok(false);
        }
        let found = bindings::active_after(cx, (&known.place.0, &known.place.1), STEP).await?;
        let mut step = Step { is_last: (found.len() as i64) < STEP, ..Step::default() };
        (step.through_user, step.through_agent) = known.place.clone();
        for binding in found {
            (step.through_user, step.through_agent) = (binding.consumer_user_id.clone(), binding.agent_key.clone());
            if is_target(&known, &binding) {
                send(cx, &known, binding, &mut step).await?;
            }
        }
        let goes_on = !step.is_last;
        let expected = Expected::Version(known.stream_version);
        cx.append(broadcast_id, expected, &[BroadcastEvent::BroadcastAdvanced(step)]).await?;
        Ok(goes_on)
    })
    .await
}

/// Within the reach, and bound when it was said.
fn is_target(broadcast: &Broadcast, binding: &Binding) -> bool {
    let holds = |list: &Option<Vec<String>>, name: &String| list.as_ref().is_none_or(|list| list.contains(name));
    binding.bound_at <= broadcast.started_at
        && holds(&broadcast.agents, &binding.agent_key)
        && holds(&broadcast.users, &binding.consumer_user_id)
}

/// One message. An agent that is disabled is no target.
async fn send<E: Engine>(cx: &Cx<'_, E>, broadcast: &Broadcast, binding: Binding, step: &mut Step) -> Result<(), OperationError> {
    let (consumer_user_id, agent_key) = (binding.consumer_user_id.clone(), binding.agent_key.clone());
    let metadata = metadata_of_broadcast(broadcast, &consumer_user_id, &agent_key);
    let key = dedup_key(&["broadcast", &broadcast.broadcast_id, &consumer_user_id, &agent_key]);
    let command = queue::to_binding(binding, text_of_broadcast(broadcast), metadata);
    let error = match queue::enqueue(cx, &command, Some(key)).await {
        Ok(_) => {
            step.enqueued += 1;
            return Ok(());
        }
        Err(OperationError::Refused(refusal)) if matches!(refusal.code, "agent_disabled" | "agent_not_found") => return Ok(()),
        Err(OperationError::Refused(refusal)) => refusal.code,
        // One that cannot be must not keep the others waiting.
        Err(OperationError::Unexpected(_) | OperationError::Rule(_)) => "unexpected",
        Err(error) => return Err(error),
    };
    step.failures.push(Failure { consumer_user_id, agent_key, error: error.to_owned() });
    Ok(())
}

/// A broadcast that must be there.
///
/// # Errors
/// When it is not.
pub async fn broadcast<E: Engine>(cx: &Cx<'_, E>, broadcast_id: &str) -> Result<Broadcast, OperationError> {
    let rows = cx.sql(&format!("SELECT {COLUMNS} WHERE broadcast_id = ?1"), &[broadcast_id.into()]).await?;
    Ok(rows.first().map(|row| broadcast_of(&row)).transpose()?.ok_or_else(broadcast_not_found)?)
}

/// Broadcasts, newest first; those older than `before`.
///
/// # Errors
/// When the database does not answer.
pub async fn broadcasts<E: Engine>(cx: &Cx<'_, E>, before: Option<&str>, limit: i64) -> Result<Vec<Broadcast>, OperationError> {
    // Ids sort by time, and `~` after all of them.
    let sql = format!("SELECT {COLUMNS} WHERE broadcast_id < ?1 ORDER BY broadcast_id DESC LIMIT ?2");
    let rows = cx.sql(&sql, &[before.unwrap_or("~").into(), limit.into()]).await?;
    rows.iter().map(|row| broadcast_of(&row)).collect()
}

fn broadcast_of(row: &Row<'_>) -> Result<Broadcast, OperationError> {
    let list = |name: &str| row.text(name).map(|text| serde_json::from_str(&text)).transpose().ok();
    let read = || {
        Some(Broadcast {
            broadcast_id: row.text("broadcast_id")?,
            company_id: row.text("company_id"),
            title: row.text("title")?,
            text: row.text("text")?,
            requested_by: row.text("requested_by")?,
            agents: list("agents")?,
            users: list("users")?,
            status: row.text("status")?,
            total_targets: row.integer("total_targets")?,
            enqueued: row.integer("enqueued")?,
            failed: row.integer("failed")?,
            started_at: row.integer("started_at")?,
            completed_at: row.integer("completed_at"),
            request_hash: row.text("request_hash"),
            place: (row.text("through_user")?, row.text("through_agent")?),
            stream_version: row.integer("stream_version")?,
        })
    };
    read().ok_or_else(|| OperationError::unexpected("a row of broadcasts"))
}
