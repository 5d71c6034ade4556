//! Running a job because somebody asks. That it is wanted is recorded first, so that a run which was interrupted is ended by the tick.

use clawstead_domain::Refusal;
use clawstead_domain::push::{Outcome, PushJobEvent, Run, job_not_found, manual_run};
use clawstead_ledger::Engine;
use clawstead_ledger::Expected;
use clawstead_vault::sha256_hex;
use serde::Serialize;

use super::dispatch::dispatch;
use super::jobs;
use super::send::{sent_before, target};
use crate::{Cx, OperationError, decide};

/// A run that somebody asked for, and its message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Triggered {
    /// The message.
    pub message_id: String,
    /// The run.
    pub run_key: String,
    /// Whether it was sent by an earlier request with the same key.
    #[serde(skip)]
    pub repeated: bool,
}

/// Runs a job now, also one that is turned off. With a key, the same request again is given the same run. `owner` are the user and the
/// agent that the job must be of, where somebody names them.
///
/// # Errors
/// When the job is not there or not theirs, its user is bound to no agent of it, or the message is refused.
pub async fn trigger<E: Engine>(
    cx: &Cx<'_, E>,
    job_id: &str,
    owner: Option<(&str, &str)>,
    key: Option<&str>,
) -> Result<Triggered, OperationError> {
    // A key may hold anything, and names of runs are shown.
    let name = key.map_or_else(|| cx.new_id(), |key| sha256_hex(key)[..32].to_owned());
    let run = manual_run(job_id, &name, cx.now);
    let job = jobs::job(cx, job_id).await?;
    if owner.is_some_and(|(user, agent)| job.consumer_user_id != user || job.agent_key.as_deref() != Some(agent)) {
        return Err(job_not_found().into());
    }
    match recorded(cx, &run).await? {
        Some(Recorded::Ended(outcome)) => return outcome,
        Some(Recorded::Pending) => {}
        None => {
            // So long ago that its run is not listed any more.
            if let Some(Outcome::Sent { message_id, .. }) = sent_before(cx, &run).await? {
                return Ok(Triggered { message_id, run_key: run.run_key, repeated: true });
            }
            target(cx, &job).await?;
            begin(cx, job_id, &run).await?;
        }
    }
    match dispatch(cx, &job, &run).await? {
        Some(Outcome::Sent { message_id, .. }) => Ok(Triggered { message_id, run_key: run.run_key, repeated: false }),
        Some(Outcome::Failed(code)) => Err(failed(&code)),
        None => match recorded(cx, &run).await? {
            Some(Recorded::Ended(outcome)) => outcome,
            _ => Err(job_not_found().into()),
        },
    }
}

/// Records that the run is wanted, unless an earlier request with its key did so.
async fn begin<E: Engine>(cx: &Cx<'_, E>, job_id: &str, run: &Run) -> Result<(), OperationError> {
    decide(async || {
        if recorded(cx, run).await?.is_some() {
            return Ok(());
        }
        let job = jobs::job(cx, job_id).await?;
        let event = PushJobEvent::PushJobTriggered { run_key: run.run_key.clone() };
        cx.append(job_id, Expected::Version(job.stream_version), &[event]).await
    })
    .await
}

/// What is known of a run.
enum Recorded {
    Pending,
    Ended(Result<Triggered, OperationError>),
}

async fn recorded<E: Engine>(cx: &Cx<'_, E>, run: &Run) -> Result<Option<Recorded>, OperationError> {
    let sql = "SELECT status, message_id, error FROM push_dispatches WHERE run_key = ?1";
    let rows = cx.sql(sql, &[(&run.run_key).into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    if row.text("status").as_deref() == Some("pending") {
        return Ok(Some(Recorded::Pending));
    }
    let ended = match row.text("message_id") {
        Some(message_id) => Ok(Triggered { message_id, run_key: run.run_key.clone(), repeated: true }),
        None => Err(failed(&row.text("error").unwrap_or_default())),
    };
    Ok(Some(Recorded::Ended(ended)))
}

fn failed(code: &str) -> OperationError {
    Refusal::conflict("push_run_failed", format!("the message was refused: {code}")).into()
}
