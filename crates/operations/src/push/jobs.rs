//! Push jobs: making, changing and deleting them.

use clawstead_domain::Refusal;
use clawstead_domain::push::{self, JobChange, JobDraft, Periodicity, PushJob, PushJobEvent, Schedule, job_not_found};
use clawstead_ledger::{Engine, Expected, Row};

use super::{dispatch, templates};
use crate::{Cx, OperationError, agents, bindings, decide};

pub(super) const COLUMNS: &str = "job_id, company_id, consumer_user_id, agent_key, follows_user, template_id, title, text, timezone, schedule, \
    enabled, next_run_at, last_run_at, last_run_key, created_at, updated_at, stream_version FROM push_jobs";

/// What a job sends, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobText {
    /// What this push template says. A template with times gives the first, unless somebody says when; one that only runs when
    /// somebody asks makes a job that does so, too.
    Template(String, Option<Schedule>),
    /// This.
    Own {
        /// For people.
        title: String,
        /// What is sent.
        text: String,
        /// When.
        schedule: Schedule,
        /// How often, if somebody says that besides.
        periodicity: Option<Periodicity>,
    },
}

/// A push job that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Whose it is to be; nobody's when `None`.
    pub company_id: Option<String>,
    /// In whose name it speaks.
    pub consumer_user_id: String,
    /// To which agent: then to no other. Without one, to whichever the user is bound to at the time.
    pub agent_key: Option<String>,
    /// What it sends, and when.
    pub says: JobText,
    /// By whose clocks.
    pub timezone: String,
    /// Whether it runs by itself.
    pub enabled: bool,
}

/// A push job that must be there.
///
/// # Errors
/// When it is not.
pub async fn job<E: Engine>(cx: &Cx<'_, E>, job_id: &str) -> Result<PushJob, OperationError> {
    Ok(find_job(cx, job_id).await?.ok_or_else(job_not_found)?)
}

/// One push job.
///
/// # Errors
/// When the database does not answer.
pub async fn find_job<E: Engine>(cx: &Cx<'_, E>, job_id: &str) -> Result<Option<PushJob>, OperationError> {
    let rows = cx.sql(&format!("SELECT {COLUMNS} WHERE job_id = ?1"), &[job_id.into()]).await?;
    rows.first().map(|row| job_of(&row)).transpose()
}

/// Makes a push job, and gives it as it is then.
///
/// # Errors
/// When a value cannot be, the template is not there, not enabled or another company's, the user is not bound to the agent that is named
/// or that is disabled, or has enough jobs.
pub async fn create_job<E: Engine>(cx: &Cx<'_, E>, wanted: &NewJob) -> Result<PushJob, OperationError> {
    let follows_user = wanted.agent_key.is_none();
    let agent_key = match &wanted.agent_key {
        Some(agent_key) => {
            bound_and_enabled(cx, &wanted.consumer_user_id, agent_key).await?;
            Some(agent_key.clone())
        }
        None => bindings::newest_of_user(cx, &wanted.consumer_user_id).await?.map(|binding| binding.agent_key),
    };
    let mut draft = JobDraft {
        company_id: wanted.company_id.clone(),
        consumer_user_id: wanted.consumer_user_id.clone(),
        agent_key,
        follows_user,
        template_id: None,
        title: String::new(),
        text: String::new(),
        timezone: wanted.timezone.clone(),
        schedule: Schedule::Manual {},
        periodicity: None,
        enabled: wanted.enabled,
    };
    match wanted.says.clone() {
        JobText::Own { title, text, schedule, periodicity } => draft = JobDraft { title, text, schedule, periodicity, ..draft },
        JobText::Template(template_id, schedule) => of_template(cx, &mut draft, template_id, schedule).await?,
    }
    let event = push::create_job(&draft, cx.now)?;
    let job_id = cx.new_id();
    match cx.append(&job_id, Expected::Version(0), &[event]).await {
        Err(OperationError::Rule(rule)) if rule == "user_has_enough_push_jobs" => {
            Err(Refusal::limit("too_many_push_jobs", "the user has as many push jobs as there may be").into())
        }
        outcome => outcome,
    }?;
    job(cx, &job_id).await
}

async fn bound_and_enabled<E: Engine>(cx: &Cx<'_, E>, consumer_user_id: &str, agent_key: &str) -> Result<(), OperationError> {
    let is_bound = bindings::of_user(cx, consumer_user_id, agent_key).await?.is_some();
    let is_enabled = agents::settled(cx, agent_key).await?.is_some_and(|agent| agent.enabled);
    if is_bound && is_enabled {
        return Ok(());
    }
    let detail = "the user is not bound to this agent now, or the agent is disabled";
    Err(Refusal { field: Some("agent_key"), ..Refusal::conflict("agent_not_current", detail) }.into())
}

async fn of_template<E: Engine>(
    cx: &Cx<'_, E>,
    draft: &mut JobDraft,
    template_id: String,
    schedule: Option<Schedule>,
) -> Result<(), OperationError> {
    let template = templates::template(cx, &template_id).await?;
    if template.company_id != draft.company_id || !template.enabled {
        return Err(push::template_not_found().into());
    }
    draft.schedule = match (template.periodicity, schedule) {
        (Periodicity::Manual, _) => Schedule::Manual {},
        (_, Some(schedule)) => schedule,
        (_, None) => {
            *template.suggested_times.first().ok_or_else(|| Refusal::invalid("schedule", "the template suggests none"))?
        }
    };
    draft.periodicity = Some(template.periodicity);
    draft.title = template.title;
    draft.text = template.text;
    draft.template_id = Some(template_id);
    Ok(())
}

/// Changes a push job, and gives it as it is then.
///
/// # Errors
/// When it is not there, or a value cannot be.
pub async fn change_job<E: Engine>(cx: &Cx<'_, E>, job_id: &str, change: &JobChange) -> Result<PushJob, OperationError> {
    decide(async || {
        let known = dispatch::healed(cx, job_id).await?;
        match push::change_job(&known, change, cx.now)? {
            Some(event) => cx.append(job_id, Expected::Version(known.stream_version), &[event]).await,
            None => Ok(()),
        }
    })
    .await?;
    job(cx, job_id).await
}

/// Deletes a push job. Messages that it sent stay as they are.
///
/// # Errors
/// When it is not there.
pub async fn delete_job<E: Engine>(cx: &Cx<'_, E>, job_id: &str) -> Result<(), OperationError> {
    decide(async || {
        let known = job(cx, job_id).await?;
        cx.append(job_id, Expected::Version(known.stream_version), &[PushJobEvent::PushJobDeleted {}]).await
    })
    .await
}

pub(super) fn job_of(row: &Row<'_>) -> Result<PushJob, OperationError> {
    let read = || {
        Some(PushJob {
            job_id: row.text("job_id")?,
            company_id: row.text("company_id").filter(|company_id| !company_id.is_empty()),
            consumer_user_id: row.text("consumer_user_id")?,
            agent_key: row.text("agent_key"),
            follows_user: row.flag("follows_user"),
            template_id: row.text("template_id"),
            title: row.text("title")?,
            text: row.text("text")?,
            timezone: row.text("timezone")?,
            schedule: serde_json::from_str(&row.text("schedule")?).ok()?,
            enabled: row.flag("enabled"),
            next_run_at: row.integer("next_run_at"),
            last_run_at: row.integer("last_run_at"),
            last_run_key: row.text("last_run_key"),
            created_at: row.integer("created_at")?,
            updated_at: row.integer("updated_at")?,
            stream_version: row.integer("stream_version")?,
        })
    };
    read().ok_or_else(|| OperationError::unexpected("a row of push_jobs"))
}
