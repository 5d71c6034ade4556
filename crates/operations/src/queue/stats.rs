//! Figures of the queue.

use clawstead_ledger::Engine;
use serde::Serialize;

use crate::{Cx, OperationError};

/// How many messages are in which state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct QueueStats {
    /// Waiting for a worker.
    pub queued_ready: i64,
    /// Heads of conversations that wait for their time: scheduled, or for the next try. Counted up to 10,000.
    pub queued_later: i64,
    /// Waiting because their agent is disabled.
    pub queued_paused: i64,
    /// In flight.
    pub processing: i64,
    /// Given up.
    pub dead_letter: i64,
    /// Completed.
    pub done: i64,
    /// Withdrawn.
    pub cancelled: i64,
    /// Given up and put away.
    pub discarded: i64,
}

/// Whether a head is ready changes with the time alone, so no view can count those that are not.
const LATER_MAX: i64 = 10_000;

/// Figures of the same cost whatever is in the queue: the views keep counters.
///
/// # Errors
/// When the database does not answer.
pub async fn stats<E: Engine>(cx: &Cx<'_, E>) -> Result<QueueStats, OperationError> {
    let sql = "SELECT status, n FROM queue_totals UNION ALL SELECT 'later', count(*) FROM \
               (SELECT paused FROM queue_heads WHERE ready_at > ?1 LIMIT ?2) WHERE paused = 0";
    let rows = cx.sql(sql, &[cx.now.into(), LATER_MAX.into()]).await?;
    let count = |status: &str| {
        let row = rows.iter().find(|row| row.text("status").as_deref() == Some(status));
        row.and_then(|row| row.integer("n")).unwrap_or(0)
    };
    Ok(QueueStats {
        queued_ready: count("queued") - count("later") - count("paused"),
        queued_later: count("later"),
        queued_paused: count("paused"),
        processing: count("processing"),
        dead_letter: count("dead_letter"),
        done: count("done"),
        cancelled: count("cancelled"),
        discarded: count("discarded"),
    })
}
