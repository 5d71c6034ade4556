//! The push jobs of a user, what their runs came to, and their figures.

use clawstead_domain::push::PushJob;
use clawstead_ledger::{Engine, Row, Value};
use serde::Serialize;

use super::jobs::{COLUMNS, job_of};
use crate::{Cx, OperationError};

/// Whose jobs and runs are meant: those of these companies, `""` standing for nobody; all for `None`.
pub type Companies = Option<Vec<String>>;

const OF_COMPANIES: &str = "(?1 IS NULL OR company_id IN (SELECT value FROM json_each(?1)))";

fn list_of(companies: &Companies) -> Value {
    companies.as_ref().and_then(|names| serde_json::to_string(names).ok()).into()
}

/// The jobs of a user, or of a user and an agent; the one changed last first. There are never more than a user may have.
///
/// # Errors
/// When the database does not answer.
pub async fn jobs_of_user<E: Engine>(
    cx: &Cx<'_, E>,
    consumer_user_id: &str,
    agent_key: Option<&str>,
    companies: &Companies,
    include_disabled: bool,
) -> Result<Vec<PushJob>, OperationError> {
    let of_agent = if agent_key.is_some() { " AND agent_key = ?3" } else { "" };
    let sql = format!(
        "SELECT {COLUMNS} WHERE consumer_user_id = ?2{of_agent} AND {OF_COMPANIES} ORDER BY updated_at DESC, job_id DESC"
    );
    let mut params = vec![list_of(companies), consumer_user_id.into()];
    params.extend(agent_key.map(Into::into));
    let rows = cx.sql(&sql, &params).await?;
    let mut found = rows.iter().map(|row| job_of(&row)).collect::<Result<Vec<_>, _>>()?;
    found.retain(|job| include_disabled || job.enabled);
    Ok(found)
}

/// What a run of a job came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are those of the view, explained in its SQL file")]
pub struct DispatchView {
    pub run_key: String,
    pub job_id: String,
    pub consumer_user_id: String,
    pub agent_key: Option<String>,
    pub mode: String,
    pub status: String,
    pub scheduled_for: i64,
    pub message_id: Option<String>,
    pub error: Option<String>,
    pub missed: i64,
    pub created_at: i64,
    /// Its place in the log; pages go by it.
    pub position: i64,
}

/// Whose runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunsOf<'a> {
    /// Those of this job.
    Job(&'a str),
    /// Those of this user to this agent.
    UserAgent(&'a str, &'a str),
}

/// Runs that came to something or are under way, newest first, those before a position in the log. A job keeps its newest 200.
///
/// # Errors
/// When the database does not answer.
pub async fn dispatches<E: Engine>(
    cx: &Cx<'_, E>,
    of: RunsOf<'_>,
    companies: &Companies,
    before: i64,
    limit: i64,
) -> Result<Vec<DispatchView>, OperationError> {
    let (which, names) = match of {
        RunsOf::Job(job_id) => ("job_id = ?4", vec![job_id]),
        RunsOf::UserAgent(user, agent) => ("consumer_user_id = ?4 AND agent_key = ?5", vec![user, agent]),
    };
    let sql = format!(
        "SELECT run_key, job_id, consumer_user_id, agent_key, mode, status, scheduled_for, message_id, error, missed, created_at, \
         position FROM push_dispatches WHERE {which} AND {OF_COMPANIES} AND position < ?2 ORDER BY position DESC LIMIT ?3"
    );
    let mut params = vec![list_of(companies), before.into(), limit.into()];
    params.extend(names.into_iter().map(Value::from));
    let rows = cx.sql(&sql, &params).await?;
    rows.iter().map(|row| view_of(&row).ok_or_else(|| OperationError::unexpected("a row of push_dispatches"))).collect()
}

fn view_of(row: &Row<'_>) -> Option<DispatchView> {
    Some(DispatchView {
        run_key: row.text("run_key")?,
        job_id: row.text("job_id")?,
        consumer_user_id: row.text("consumer_user_id")?,
        agent_key: row.text("agent_key"),
        mode: row.text("mode")?,
        status: row.text("status")?,
        scheduled_for: row.integer("scheduled_for")?,
        message_id: row.text("message_id"),
        error: row.text("error"),
        missed: row.integer("missed")?,
        created_at: row.integer("created_at")?,
        position: row.integer("position")?,
    })
}

/// Figures of the push jobs of a user and an agent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PushStats {
    /// Jobs that there are.
    pub total_push_jobs: i64,
    /// Those that are enabled.
    pub active_push_jobs: i64,
    /// Runs of them that came to something.
    pub total_dispatches: i64,
    /// When the last of these was.
    pub latest_dispatch_at: Option<i64>,
}

/// Figures of the push jobs of a user and an agent.
///
/// # Errors
/// When the database does not answer.
pub async fn push_stats<E: Engine>(
    cx: &Cx<'_, E>,
    consumer_user_id: &str,
    agent_key: &str,
    companies: &Companies,
) -> Result<PushStats, OperationError> {
    let sql = format!(
        "SELECT count(*) AS jobs, sum(enabled) AS enabled, sum(dispatches) AS dispatches, max(last_run_at) AS latest \
         FROM push_jobs WHERE consumer_user_id = ?2 AND agent_key = ?3 AND {OF_COMPANIES}"
    );
    let rows = cx.sql(&sql, &[list_of(companies), consumer_user_id.into(), agent_key.into()]).await?;
    let Some(row) = rows.first() else { return Ok(PushStats::default()) };
    let number = |name: &str| row.integer(name).unwrap_or(0);
    Ok(PushStats {
        total_push_jobs: number("jobs"),
        active_push_jobs: number("enabled"),
        total_dispatches: number("dispatches"),
        latest_dispatch_at: row.integer("latest"),
    })
}
