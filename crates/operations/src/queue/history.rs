//! What was said before, as workers are given it.

use clawstead_domain::config::MessagesPolicy;
use clawstead_ledger::Engine;
use serde::Serialize;

use super::hydrate::Bundle;
use super::views::TurnView;
use crate::{Cx, OperationError};

/// How many rows of history existing workers look at: the last ones (worker-wire.md section 2 step 5).
const ROWS_LOOKED_AT: usize = 12;

/// A row of history as existing workers read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryRow {
    /// `system`, `user`, `assistant` or `tool`.
    pub role: String,
    /// What was said.
    pub content: String,
    /// When, ms since the epoch.
    pub at: i64,
}

impl Bundle {
    /// The turns as rows. The system prompt is one of those that existing workers look at, before the turns of those.
    pub fn history(&self) -> Vec<HistoryRow> {
        let row = |turn: &TurnView| HistoryRow { role: turn.role.clone(), content: turn.content.clone(), at: turn.at };
        let mut rows: Vec<HistoryRow> = self.turns.iter().map(row).collect();
        let Some(prompt) = &self.system_prompt else {
            return rows;
        };
        let index = rows.len().saturating_sub(ROWS_LOOKED_AT - 1);
        let at = rows.get(index).map_or(self.now, |next| next.at);
        rows.insert(index, HistoryRow { role: "system".to_owned(), content: prompt.clone(), at });
        rows
    }
}

/// The newest turns within the budget, oldest of them first. Lengths are read before contents: only what is handed over
/// enters the memory of a component.
pub(super) async fn newest_turns<E: Engine>(
    cx: &Cx<'_, E>,
    conversation_id: &str,
    policy: &MessagesPolicy,
) -> Result<Vec<TurnView>, OperationError> {
    let sql = "SELECT turn_no, length(CAST(content AS BLOB)) AS bytes FROM turns WHERE conversation_id = ?1 \
               ORDER BY turn_no DESC LIMIT ?2";
    let rows = cx.sql(sql, &[conversation_id.into(), policy.hydration_turns_max.into()]).await?;
    let mut left = policy.hydration_bytes_max;
    let fits = |(_, bytes): &(i64, i64)| {
        left -= bytes;
        left >= 0
    };
    let lengths = rows.iter().filter_map(|row| Some((row.integer("turn_no")?, row.integer("bytes")?)));
    let Some((first, _)) = lengths.take_while(fits).last() else {
        return Ok(Vec::new());
    };
    let sql =
        "SELECT turn_no, role, content, at FROM turns WHERE conversation_id = ?1 AND turn_no >= ?2 ORDER BY turn_no LIMIT ?3";
    let rows = cx.sql(sql, &[conversation_id.into(), first.into(), policy.hydration_turns_max.into()]).await?;
    Ok(rows.iter().filter_map(|row| TurnView::of(&row)).collect())
}
