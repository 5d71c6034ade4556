//! Ticks: whatever is due is done, by one at a time, in bounded steps (design.md section 6).

mod pairings;
mod report;
mod turn;

use clawstead_ledger::Engine;

pub use crate::reconcile::Outside;
pub(crate) use report::note;
pub use report::{KindReport, LastRun, TickReport, last_run};
pub(crate) use turn::Turn;

use crate::files::SqliteStore;
use crate::{Cx, OperationError, files, queue, reconcile, snapshots};

/// Lease recovery and expiry take at most so many a tick; the next one goes on.
const BATCH: i64 = 100;

/// Does what is due: leases that ran out, pairing codes that expired, files that nobody needs, machines that should come or
/// go. Trouble with one kind of work is in the report and does not keep the others from being done. When another tick is under
/// way, nothing is done.
///
/// # Errors
/// When the database does not say who has the turn.
pub async fn run<E: Engine>(cx: &Cx<'_, E>, outside: &Outside<'_>) -> Result<TickReport, OperationError> {
    let Some(turn) = Turn::take(cx, outside.clock).await? else {
        return Ok(TickReport { ran: false, ..TickReport::default() });
    };
    let mut report = TickReport { ran: true, ..TickReport::default() };
    let leases = queue::recover_leases(&turn.cx(), BATCH).await.map(KindReport::done);
    report.add(&turn, "leases", leases).await?;
    if turn.goes_on().await? {
        let pairings = pairings::expire(&turn.cx(), BATCH).await.map(KindReport::done);
        report.add(&turn, "pairings", pairings).await?;
    }
    if turn.goes_on().await? {
        let files = tidy_files(&turn.cx()).await.map(KindReport::done);
        report.add(&turn, "files", files).await?;
    }
    if turn.goes_on().await? {
        let machines = reconcile::run(&turn, outside).await;
        report.add(&turn, "machines", machines).await?;
    }
    turn.end().await?;
    Ok(report)
}

/// Ends snapshots that are of no more use, and removes bytes that nobody owns.
async fn tidy_files<E: Engine>(cx: &Cx<'_, E>) -> Result<i64, OperationError> {
    let ended = snapshots::retire(cx, BATCH).await?;
    Ok(ended + files::collect(cx, &SqliteStore(cx.ledger), BATCH).await?)
}
