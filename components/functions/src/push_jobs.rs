//! Rows 68 to 73, 82 to 89, 92 and 94: push jobs, in the words of existing clients.

use clawstead_domain::push::{JobChange, Periodicity, PushJob, Schedule, job_not_found};
use clawstead_operations::push::{self, DispatchView, JobText, NewJob, RunsOf};
use clawstead_service::spin::App;
use clawstead_service::{Call, Principal, Problem, json};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::consumer::cx_of;
use crate::push_templates::schedule;
use crate::table::Function;
use crate::templates::was_there;

const DISPATCHES_DEFAULT: i64 = 50;
const DISPATCHES_MAX: i64 = 200;
const DUE_DEFAULT: i64 = 100;
const DUE_MAX: i64 = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FromTemplateArgs {
    company_id: String,
    consumer_user_id: String,
    agent_key: Option<String>,
    template_id: String,
    timezone: String,
    schedule: Option<Schedule>,
    enabled: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CustomArgs {
    company_id: String,
    consumer_user_id: String,
    agent_key: Option<String>,
    title: String,
    text: String,
    periodicity: Periodicity,
    timezone: String,
    schedule: Schedule,
    enabled: Option<bool>,
}

pub(crate) async fn create(
    app: &App,
    call: &Call,
    principal: &Principal,
    function: &Function,
    args: Value,
) -> Result<Value, Problem> {
    let is_of_template = matches!(function.name, "createPushJobFromTemplate" | "createPushJobFromTemplateForAgent");
    let wanted = if is_of_template {
        let FromTemplateArgs { company_id, consumer_user_id, agent_key, template_id, timezone, schedule, enabled } =
            json::from_value(args)?;
        let (company_id, enabled) = (Some(company_id), enabled.unwrap_or(true));
        NewJob { company_id, consumer_user_id, agent_key, says: JobText::Template(template_id, schedule), timezone, enabled }
    } else {
        let CustomArgs { company_id, consumer_user_id, agent_key, title, text, periodicity, timezone, schedule, enabled } =
            json::from_value(args)?;
        let says = JobText::Own { title, text, schedule, periodicity: Some(periodicity) };
        let (company_id, enabled) = (Some(company_id), enabled.unwrap_or(true));
        NewJob { company_id, consumer_user_id, agent_key, says, timezone, enabled }
    };
    let is_for_agent = function.name.ends_with("ForAgent");
    if is_for_agent != wanted.agent_key.is_some() {
        let code = if is_for_agent { "missing_field" } else { "unknown_field" };
        return Err(Problem::field(code, "agent_key", "goes with the functions for an agent, and with no others"));
    }
    let made = push::create_job(&cx_of(app, call, principal), &wanted).await?;
    Ok(json!(made.job_id))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ChangeArgs {
    job_id: String,
    consumer_user_id: Option<String>,
    agent_key: Option<String>,
    title: Option<String>,
    text: Option<String>,
    periodicity: Option<Periodicity>,
    timezone: Option<String>,
    schedule: Option<Schedule>,
    enabled: Option<bool>,
}

/// Also `setPushJobEnabled`, which names that alone.
pub(crate) async fn change(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let ChangeArgs { job_id, consumer_user_id, agent_key, title, text, periodicity, timezone, schedule, enabled } =
        json::from_value(args)?;
    let cx = cx_of(app, call, principal);
    let change = JobChange { title, text, timezone, schedule, periodicity, enabled };
    let Some(job) = push::find_job(&cx, &job_id).await? else { return Ok(json!(false)) };
    let is_other_user = consumer_user_id.is_some_and(|user| user != job.consumer_user_id);
    let is_other_agent = agent_key.is_some() && agent_key != job.agent_key;
    if is_other_user || is_other_agent {
        return Ok(json!(false));
    }
    was_there(push::change_job(&cx, &job_id, &change).await.map(drop))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct JobArgs {
    job_id: String,
}

pub(crate) async fn delete(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let JobArgs { job_id } = json::from_value(args)?;
    was_there(push::delete_job(&cx_of(app, call, principal), &job_id).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ListArgs {
    consumer_user_id: String,
    agent_key: Option<String>,
    include_disabled: Option<bool>,
}

pub(crate) async fn list(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let ListArgs { consumer_user_id, agent_key, include_disabled } = json::from_value(args)?;
    let include_disabled = include_disabled.unwrap_or(true);
    let found =
        push::jobs_of_user(&app.cx(call), &consumer_user_id, agent_key.as_deref(), &principal.companies(), include_disabled)
            .await?;
    Ok(found.iter().map(shown).collect())
}

fn shown(job: &PushJob) -> Value {
    json!({
        "_id": job.job_id, "companyId": job.company_id, "consumerUserId": job.consumer_user_id, "agentKey": job.agent_key,
        "sourceTemplateId": job.template_id, "title": job.title, "text": job.text, "periodicity": job.schedule.periodicity(),
        "timezone": job.timezone, "schedule": schedule(job.schedule), "enabled": job.enabled, "nextRunAt": job.next_run_at,
        "lastRunAt": job.last_run_at, "lastRunKey": job.last_run_key, "createdAt": job.created_at, "updatedAt": job.updated_at,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct TriggerArgs {
    job_id: String,
    consumer_user_id: Option<String>,
    agent_key: Option<String>,
}

/// Existing clients send no `Idempotency-Key`; with one, a call is good for one run.
pub(crate) async fn trigger(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let TriggerArgs { job_id, consumer_user_id, agent_key } = json::from_value(args)?;
    let owner = consumer_user_id.as_deref().zip(agent_key.as_deref());
    if owner.is_none() && (consumer_user_id.is_some() || agent_key.is_some()) {
        return Err(job_not_found().into());
    }
    let key = call.message_key(principal)?;
    let run = push::trigger(&cx_of(app, call, principal), &job_id, owner, key.as_deref()).await?;
    call.enqueued.set(!run.repeated);
    Ok(json!({ "enqueuedMessageId": run.message_id, "runKey": run.run_key }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct OfJobArgs {
    job_id: String,
    limit: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct OfAgentArgs {
    consumer_user_id: String,
    agent_key: String,
    limit: Option<i64>,
}

pub(crate) async fn dispatches(
    app: &App,
    call: &Call,
    principal: &Principal,
    function: &Function,
    args: Value,
) -> Result<Value, Problem> {
    let cx = app.cx(call);
    let bounded = |limit: Option<i64>| limit.unwrap_or(DISPATCHES_DEFAULT).clamp(1, DISPATCHES_MAX);
    if function.name == "listPushDispatchesByJob" {
        let OfJobArgs { job_id, limit } = json::from_value(args)?;
        let found = push::dispatches(&cx, RunsOf::Job(&job_id), &None, i64::MAX, bounded(limit)).await?;
        return Ok(ended(&found).map(dispatch).collect());
    }
    let OfAgentArgs { consumer_user_id, agent_key, limit } = json::from_value(args)?;
    let of = RunsOf::UserAgent(&consumer_user_id, &agent_key);
    let found = push::dispatches(&cx, of, &principal.companies(), i64::MAX, bounded(limit)).await?;
    let of_job = |run: &DispatchView| {
        let mut shown = dispatch(run);
        shown["jobId"] = json!(run.job_id);
        shown
    };
    Ok(ended(&found).map(of_job).collect())
}

/// Existing clients have no word for a run that is under way.
fn ended(found: &[DispatchView]) -> impl Iterator<Item = &DispatchView> {
    found.iter().filter(|run| run.status != "pending")
}

fn dispatch(run: &DispatchView) -> Value {
    json!({
        "_id": run.run_key, "runKey": run.run_key, "status": run.status, "scheduledFor": run.scheduled_for,
        "enqueuedMessageId": run.message_id, "createdAt": run.created_at, "error": run.error,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct DueArgs {
    /// Taken and not used: what is due is for our clock to say.
    #[serde(rename = "nowMs")]
    _now_ms: Option<IgnoredAny>,
    limit: Option<i64>,
}

pub(crate) async fn dispatch_due(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let DueArgs { limit, .. } = json::from_value(args)?;
    let limit = limit.unwrap_or(DUE_DEFAULT).clamp(1, DUE_MAX);
    let done = push::dispatch_due(&cx_of(app, call, principal), limit).await?;
    call.enqueued.set(done.enqueued > 0);
    Ok(json!({ "scanned": done.scanned, "enqueued": done.enqueued, "skipped": done.skipped, "failed": done.failed }))
}
