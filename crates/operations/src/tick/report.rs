//! What a tick did, and when each kind of work was last done.

use std::collections::BTreeMap;

use clawstead_ledger::{Engine, Row};
use serde::Serialize;

use super::Turn;
use crate::{Cx, OperationError};

/// What a tick did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TickReport {
    /// Whether it ran: not while another is under way.
    pub ran: bool,
    /// Each kind of work: `leases`, `pairings`, `secrets`, `bots`, `webhooks`, `files`, `machines`, `outbox`, `media`, `pushes`. What there was
    /// no time for is missing.
    pub kinds: BTreeMap<&'static str, KindReport>,
}

/// What a tick did of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct KindReport {
    /// How many things it did.
    pub done: i64,
    /// What went wrong; the next tick tries again.
    pub error: Option<String>,
}

impl KindReport {
    pub(crate) fn done(done: i64) -> Self {
        Self { done, error: None }
    }
}

impl TickReport {
    /// Adds the outcome of one kind, and keeps it for [`last_run`].
    pub(super) async fn add<E: Engine>(
        &mut self,
        turn: &Turn<'_, E>,
        kind: &'static str,
        outcome: Result<KindReport, OperationError>,
    ) -> Result<(), OperationError> {
        let report = outcome.unwrap_or_else(|error| KindReport { done: 0, error: Some(error.to_string()) });
        note(&turn.cx(), kind, report.done, report.error.as_deref()).await?;
        self.kinds.insert(kind, report);
        Ok(())
    }
}

/// When a kind of work was last done, and how that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastRun {
    /// When, ms since the epoch.
    pub ran_at: i64,
    /// How many things were done.
    pub done: i64,
    /// What went wrong.
    pub last_error: Option<String>,
}

/// The last run of each kind of work. Besides those of [`TickReport`] there are `listing`, the last listing at the provider,
/// and `watch`, when ticks began to come without a break.
///
/// # Errors
/// When the database does not answer.
pub async fn last_run<E: Engine>(cx: &Cx<'_, E>) -> Result<BTreeMap<String, LastRun>, OperationError> {
    let rows = cx.sql("SELECT work, ran_at, done, last_error FROM ticks", &[]).await?;
    Ok(rows.iter().filter_map(|row| last_run_of(&row)).collect())
}

/// Keeps when a kind of work was last done.
pub(crate) async fn note<E: Engine>(cx: &Cx<'_, E>, work: &str, done: i64, error: Option<&str>) -> Result<(), OperationError> {
    let sql = "INSERT INTO ticks (work, ran_at, done, last_error) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (work) DO UPDATE SET \
               ran_at = excluded.ran_at, done = excluded.done, last_error = excluded.last_error";
    cx.sql(sql, &[work.into(), cx.now.into(), done.into(), error.into()]).await?;
    Ok(())
}

fn last_run_of(row: &Row<'_>) -> Option<(String, LastRun)> {
    let run = LastRun { ran_at: row.integer("ran_at")?, done: row.integer("done")?, last_error: row.text("last_error") };
    Some((row.text("work")?, run))
}
