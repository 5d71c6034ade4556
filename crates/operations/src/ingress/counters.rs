//! What updates came to, counted.

use clawstead_ledger::{Engine, Row};
use serde::Serialize;
use serde_json::json;

use crate::{Cx, OperationError};

/// How many updates of a bot came to what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct UpdateCount {
    /// The bot.
    pub bot_id: String,
    /// What sort of update, by its name in the Bot API.
    pub kind: String,
    /// What became of it: `enqueued`, `refused:not_paired`, …
    pub outcome: String,
    /// How many.
    pub count: i64,
    /// When the last one came.
    pub last_at: i64,
}

/// Adds to the counters, in one statement.
///
/// # Errors
/// When the database does not do it.
pub async fn count<E: Engine>(cx: &Cx<'_, E>, counts: &[UpdateCount]) -> Result<(), OperationError> {
    if counts.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO update_counters (bot_id, kind, outcome, n, last_at) \
               SELECT c.value ->> '$.bot_id', c.value ->> '$.kind', c.value ->> '$.outcome', c.value ->> '$.count', \
               c.value ->> '$.last_at' FROM json_each(?1) c WHERE true ON CONFLICT (bot_id, kind, outcome) DO UPDATE SET \
               n = n + excluded.n, last_at = max(last_at, excluded.last_at)";
    cx.sql(sql, &[json!(counts).to_string().into()]).await?;
    Ok(())
}

/// The counters of `limit` bots after one; there are some dozens for each.
///
/// # Errors
/// When the database does not answer.
pub async fn counts<E: Engine>(cx: &Cx<'_, E>, after_bot: &str, limit: i64) -> Result<Vec<UpdateCount>, OperationError> {
    let sql =
        "SELECT bot_id, kind, outcome, n, last_at FROM update_counters WHERE bot_id > ?1 ORDER BY bot_id, kind, outcome LIMIT ?2";
    let rows = cx.sql(sql, &[after_bot.into(), limit.into()]).await?;
    rows.iter().map(|row| count_of(&row).ok_or_else(|| OperationError::unexpected("a row of update_counters"))).collect()
}

fn count_of(row: &Row<'_>) -> Option<UpdateCount> {
    Some(UpdateCount {
        bot_id: row.text("bot_id")?,
        kind: row.text("kind")?,
        outcome: row.text("outcome")?,
        count: row.integer("n")?,
        last_at: row.integer("last_at")?,
    })
}
