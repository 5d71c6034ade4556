//! What a tick did, in numbers: of what happened, not of what was begun (scheduler-fly.md S-20).

use clawstead_ledger::Engine;

use crate::files::Store;
use crate::tick::{self, Outside, TickReport};
use crate::{Cx, OperationError, workers};

/// What happened while a tick was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// The tick's own report.
    pub report: TickReport,
    /// Workers that were asked for.
    pub requested: i64,
    /// Workers of which nothing is left since.
    pub stopped: i64,
    /// Workers that may take work now.
    pub active: i64,
    /// Workers on their way out now.
    pub pending: i64,
}

/// Does a tick, and counts what happened meanwhile.
///
/// # Errors
/// As [`tick::run`].
pub async fn counted<E: Engine>(cx: &Cx<'_, E>, outside: &Outside<'_>, store: &impl Store) -> Result<Counts, OperationError> {
    let before = cx.ledger.head().await?;
    let report = tick::run(cx, outside, store).await?;
    // Of the log, only what was added since: a tick is bounded.
    let sql = "SELECT coalesce(sum(type = 'WorkerRequested' AND data ->> '$.provider' <> 'external'), 0) AS requested, \
               coalesce(sum(type = 'WorkerStopped'), 0) AS stopped FROM events WHERE position > ?1";
    let rows = cx.sql(sql, &[before.into()]).await?;
    let number = |name| rows.first().and_then(|row| row.integer(name)).unwrap_or(0);
    let live = workers::live(cx).await?;
    let active = live.iter().filter(|worker| worker.state.takes_work()).count() as i64;
    Ok(Counts { report, requested: number("requested"), stopped: number("stopped"), active, pending: live.len() as i64 - active })
}
