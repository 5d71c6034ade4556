//! Push jobs, and what their runs came to.

use clawstead_domain::push::{JobChange, Schedule};
use clawstead_operations::push::{self, JobText, NewJob, RunsOf};
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

/// Runs that one request dispatches at most.
const DISPATCH_MAX: i64 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    company_id: Option<String>,
    consumer_user_id: String,
    agent_key: Option<String>,
    template_id: Option<String>,
    title: Option<String>,
    text: Option<String>,
    timezone: String,
    schedule: Option<Schedule>,
    enabled: Option<bool>,
}

pub(crate) async fn create(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Create { company_id, consumer_user_id, agent_key, template_id, title, text, timezone, schedule, enabled } =
        call.json()?;
    let missing = |field: &str| Problem::field("missing_field", field, "the field is missing");
    let says = match template_id {
        Some(_) if title.is_some() => return Err(Problem::field("invalid_field", "title", "goes without template_id only")),
        Some(_) if text.is_some() => return Err(Problem::field("invalid_field", "text", "goes without template_id only")),
        Some(template_id) => JobText::Template(template_id, schedule),
        None => JobText::Own {
            title: title.ok_or_else(|| missing("title"))?,
            text: text.ok_or_else(|| missing("text"))?,
            schedule: schedule.ok_or_else(|| missing("schedule"))?,
            periodicity: None,
        },
    };
    let company_id = call.principal.company(company_id)?;
    let wanted = NewJob { company_id, consumer_user_id, agent_key, says, timezone, enabled: enabled.unwrap_or(true) };
    Ok(Reply::json(StatusCode::CREATED, &push::create_job(&app.cx(call), &wanted).await?))
}

pub(crate) async fn list(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["consumer_user_id", "agent_key", "include_disabled"])?;
    let user = query.text("consumer_user_id");
    let user = user.ok_or_else(|| Problem::field("missing_field", "consumer_user_id", "the field is missing"))?;
    clawstead_domain::text::check_id("consumer_user_id", &user)?;
    let include_disabled = query.flag("include_disabled")?;
    let (agent_key, companies) = (query.text("agent_key"), call.principal.companies());
    let jobs = push::jobs_of_user(&app.cx(call), &user, agent_key.as_deref(), &companies, include_disabled).await?;
    Ok(Reply::ok(&json!({ "jobs": jobs })))
}

pub(crate) async fn show(app: &App, call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(&push::job(&app.cx(call), call.param("job_id")).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changed {
    title: Option<String>,
    text: Option<String>,
    timezone: Option<String>,
    schedule: Option<Schedule>,
    enabled: Option<bool>,
}

pub(crate) async fn change(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Changed { title, text, timezone, schedule, enabled } = call.json()?;
    let change = JobChange { title, text, timezone, schedule, periodicity: None, enabled };
    Ok(Reply::ok(&push::change_job(&app.cx(call), call.param("job_id"), &change).await?))
}

pub(crate) async fn delete(app: &App, call: &Call) -> Result<Reply, Problem> {
    push::delete_job(&app.cx(call), call.param("job_id")).await?;
    Ok(Reply::empty())
}

/// A run has a message, so its key is one for messages.
pub(crate) async fn trigger(app: &App, call: &Call) -> Result<Reply, Problem> {
    let key = call.message_key(&call.principal)?;
    let run = push::trigger(&app.cx(call), call.param("job_id"), None, key.as_deref()).await?;
    call.enqueued.set(!run.repeated);
    Ok(Reply::json(if run.repeated { StatusCode::OK } else { StatusCode::CREATED }, &run))
}

pub(crate) async fn dispatches(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["before", "limit"])?;
    let (before, limit) = (query.integer("before", i64::MAX, 1, i64::MAX)?, query.limit()?);
    let found = push::dispatches(&app.cx(call), RunsOf::Job(call.param("job_id")), &None, before, limit).await?;
    let next_before = found.last().map(|run| run.position);
    Ok(Reply::ok(&json!({ "dispatches": found, "next_before": next_before })))
}

pub(crate) async fn dispatch_due(app: &App, call: &Call) -> Result<Reply, Problem> {
    let done = push::dispatch_due(&app.cx(call), DISPATCH_MAX).await?;
    call.enqueued.set(done.enqueued > 0);
    Ok(Reply::ok(&done))
}
