//! Figures of the outbox.

use std::collections::BTreeMap;

use clawstead_ledger::Engine;
use serde::Serialize;

use crate::{Cx, OperationError};

/// How the outbox stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OutboxStats {
    /// Messages that are to be sent.
    pub waiting: i64,
    /// The earliest instant at which one is to be sent; long ago means that none gets through.
    pub oldest_due_at: Option<i64>,
    /// By bot, how many messages were `queued`, and how they ended: `sent`, `blocked`, `refused`, `too_late`, `no_bot`.
    pub bots: BTreeMap<String, BTreeMap<String, i64>>,
}

/// Figures of the outbox.
///
/// # Errors
/// When the database does not answer.
pub async fn stats<E: Engine>(cx: &Cx<'_, E>) -> Result<OutboxStats, OperationError> {
    let rows = cx.sql("SELECT min(due_at) AS oldest FROM outbox_chats", &[]).await?;
    let mut stats = OutboxStats { oldest_due_at: rows.first().and_then(|row| row.integer("oldest")), ..OutboxStats::default() };
    for row in cx.sql("SELECT bot_id, outcome, n FROM outbox_counters", &[]).await?.iter() {
        if let (Some(bot_id), Some(outcome), Some(n)) = (row.text("bot_id"), row.text("outcome"), row.integer("n")) {
            stats.waiting += if outcome == "queued" { n } else { -n };
            stats.bots.entry(bot_id).or_default().insert(outcome, n);
        }
    }
    Ok(stats)
}
