//! Figures of everything, for the operator.

use std::collections::BTreeMap;

use clawstead_ledger::Engine;
use serde::Serialize;

use crate::queue::QueueStats;
use crate::tick::{self, LastRun};
use crate::{Cx, OperationError, counts, queue};

/// Figures of everything. They cost the same however much has happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// How long the log is.
    pub position: i64,
    /// Messages by state.
    pub queue: QueueStats,
    /// Workers that have not stopped.
    pub workers: WorkerFigures,
    /// Attempts within the last hour to come as somebody else: by what they came as, a key, a worker, a bot or a link.
    pub failed_authentications: BTreeMap<String, i64>,
    /// Each kind of work of ticks: when it was last done, and what went wrong.
    pub ticks: BTreeMap<String, LastRun>,
}

/// Workers that have not stopped, and what is billed for them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WorkerFigures {
    /// By state.
    pub by_state: BTreeMap<String, i64>,
    /// Those with a message in flight.
    pub busy: i64,
    /// Machines that are known to exist.
    pub machines: i64,
    /// Volumes that are known to exist.
    pub volumes: i64,
    /// By app: so many in a row were lost before they took anything. Then fewer are made, after longer and longer pauses.
    pub failed_boots: BTreeMap<String, i64>,
}

/// Reads all figures.
///
/// # Errors
/// When the database does not answer.
pub async fn read<E: Engine>(cx: &Cx<'_, E>) -> Result<Stats, OperationError> {
    Ok(Stats {
        position: cx.ledger.head().await?,
        queue: queue::stats(cx).await?,
        workers: workers(cx).await?,
        failed_authentications: failed_authentications(cx).await?,
        ticks: tick::last_run(cx).await?,
    })
}

async fn failed_authentications<E: Engine>(cx: &Cx<'_, E>) -> Result<BTreeMap<String, i64>, OperationError> {
    let counted = counts::beginning_with(cx, counts::FAILURES).await?;
    let by_kind = counted.into_iter().map(|(name, counted)| (name[counts::FAILURES.len()..].to_owned(), counted.count));
    Ok(by_kind.collect())
}

async fn workers<E: Engine>(cx: &Cx<'_, E>) -> Result<WorkerFigures, OperationError> {
    let sql = "SELECT w.state, count(*) AS n, sum(w.machine_id IS NOT NULL AND w.machine_gone_at IS NULL) AS machines, \
        sum(w.volume_id IS NOT NULL AND w.volume_gone_at IS NULL) AS volumes, \
        sum(EXISTS (SELECT 1 FROM leases l WHERE l.worker_id = w.worker_id)) AS busy \
        FROM workers w WHERE w.state IN ('requested', 'active', 'draining', 'stopping') GROUP BY w.state";
    let mut figures = WorkerFigures::default();
    for row in cx.sql(sql, &[]).await?.iter() {
        let number = |name| row.integer(name).unwrap_or(0);
        figures.by_state.insert(row.text("state").unwrap_or_default(), number("n"));
        figures.busy += number("busy");
        figures.machines += number("machines");
        figures.volumes += number("volumes");
    }
    let failed = cx.sql("SELECT app_name, failures FROM failed_boots", &[]).await?;
    figures.failed_boots = failed.iter().filter_map(|row| Some((row.text("app_name")?, row.integer("failures")?))).collect();
    Ok(figures)
}
