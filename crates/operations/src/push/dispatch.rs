//! Runs that are due. First the message, then the event of the job: both cannot be one append, for they are of two kinds. A crash between
//! them leaves the job due for the same run, whose message is there already when it is sent again.

use clawstead_domain::push::{self, Mode, Outcome, PushJob, Run};
use clawstead_ledger::{Engine, Expected};
use serde::Serialize;

use super::jobs::{self, COLUMNS, job_of};
use super::send::{send, sent_before};
use crate::{Cx, OperationError, decide};

/// What became of runs that were due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Dispatched {
    /// Runs that were looked at.
    pub scanned: i64,
    /// Those that sent a message.
    pub enqueued: i64,
    /// Those that somebody else had recorded meanwhile.
    pub skipped: i64,
    /// Those that could not.
    pub failed: i64,
}

/// Dispatches at most `limit` runs that are due, the longest due first, and as many that somebody asked for and that were interrupted.
///
/// # Errors
/// When the database does not answer; what was dispatched stays.
pub async fn dispatch_due<E: Engine>(cx: &Cx<'_, E>, limit: i64) -> Result<Dispatched, OperationError> {
    let mut done = Dispatched::default();
    let sql = format!("SELECT {COLUMNS} WHERE next_run_at <= ?1 ORDER BY next_run_at LIMIT ?2");
    for row in cx.sql(&sql, &[cx.now.into(), limit.into()]).await?.iter() {
        let job = job_of(&row)?;
        if let Some(run) = push::due_run(&job, cx.now) {
            done.add(dispatch(cx, &job, &run).await)?;
        }
    }
    let sql = "SELECT run_key, job_id, scheduled_for FROM push_dispatches WHERE status = 'pending' AND scheduled_for <= ?1 \
               ORDER BY scheduled_for LIMIT ?2";
    for row in cx.sql(sql, &[cx.now.into(), limit.into()]).await?.iter() {
        let (Some(run_key), Some(job_id), Some(scheduled_for)) =
            (row.text("run_key"), row.text("job_id"), row.integer("scheduled_for"))
        else {
            return Err(OperationError::unexpected("a row of push_dispatches"));
        };
        if let Some(job) = jobs::find_job(cx, &job_id).await? {
            done.add(dispatch(cx, &job, &Run { run_key, mode: Mode::Manual, scheduled_for }).await)?;
        }
    }
    Ok(done)
}

impl Dispatched {
    fn add(&mut self, outcome: Result<Option<Outcome>, OperationError>) -> Result<(), OperationError> {
        self.scanned += 1;
        match outcome {
            Ok(Some(Outcome::Sent { .. })) => self.enqueued += 1,
            Ok(Some(Outcome::Failed(_))) => self.failed += 1,
            // Too many at once: the next tick sees what is left.
            Ok(None) | Err(OperationError::Raced) => self.skipped += 1,
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Sends the message of a run, and records what came of it. `None` when somebody else recorded it, or the job is gone.
pub(super) async fn dispatch<E: Engine>(cx: &Cx<'_, E>, job: &PushJob, run: &Run) -> Result<Option<Outcome>, OperationError> {
    let outcome = send(cx, job, run).await?;
    let is_first = record(cx, &job.job_id, run, &outcome).await?;
    Ok(is_first.then_some(outcome))
}

/// Records a run on fresh facts: the job may have been changed since it was found due.
async fn record<E: Engine>(cx: &Cx<'_, E>, job_id: &str, run: &Run, outcome: &Outcome) -> Result<bool, OperationError> {
    decide(async || {
        let Some(job) = jobs::find_job(cx, job_id).await? else { return Ok(false) };
        let event = push::dispatched(&job, run, outcome, cx.now);
        match cx.append(job_id, Expected::Version(job.stream_version), &[event]).await {
            Ok(()) => Ok(true),
            Err(OperationError::Rule(rule)) if rule == "push_run_is_recorded" => Ok(false),
            Err(error) => Err(error),
        }
    })
    .await
}

/// A job of which a run that has sent its message and was interrupted is recorded, so that no change of the job makes it forgotten.
pub(super) async fn healed<E: Engine>(cx: &Cx<'_, E>, job_id: &str) -> Result<PushJob, OperationError> {
    let job = jobs::job(cx, job_id).await?;
    let Some(run) = push::due_run(&job, cx.now) else { return Ok(job) };
    let Some(outcome) = sent_before(cx, &run).await? else { return Ok(job) };
    record(cx, job_id, &run, &outcome).await?;
    jobs::job(cx, job_id).await
}
