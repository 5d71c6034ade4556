//! Messages in a worker's hands.

use std::time::Duration;

use clawstead_domain::conversation::{Ending, NewTurn};
use clawstead_domain::outbox::Format;
use clawstead_domain::text;
use clawstead_operations::outbox;
use clawstead_operations::queue::{self, BridgeRuntime, Job, Patience, Wish};
use clawstead_service::spin::{App, now, pause};
use clawstead_service::{Call, Problem, Reply};
use clawstead_vault::Secret;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::media;

/// Hosted Spin ends a request after 30 s.
const WAIT_SECONDS_MAX: i64 = 25;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    conversation_id: Option<String>,
}

pub(crate) async fn claim(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Claim { conversation_id } = call.json()?;
    let wish = Wish { conversation_id: conversation_id.as_deref(), claim_key: claim_key(call)? };
    Ok(claimed(queue::claim_among(&app.cx(call), &app.queue_watch.spread, call.worker()?, wish).await?))
}

/// Holds the request until there is a job, the worker is to stop, or `wait` seconds have passed.
pub(crate) async fn await_claim(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["wait", "conversation_id"])?;
    let wait = query.integer("wait", WAIT_SECONDS_MAX, 0, WAIT_SECONDS_MAX)?;
    let patience = Patience { wait: Duration::from_secs(wait.unsigned_abs()), clock: &now, pause };
    let conversation_id = query.text("conversation_id");
    let wish = Wish { conversation_id: conversation_id.as_deref(), claim_key: claim_key(call)? };
    Ok(claimed(queue::claim_within(&app.cx(call), &app.queue_watch, call.worker()?, wish, &patience).await?))
}

/// By which a worker asks again when an answer did not reach it.
fn claim_key(call: &Call) -> Result<Option<&str>, Problem> {
    let Some(header) = call.headers.get("idempotency-key") else { return Ok(None) };
    let key = header.to_str().unwrap_or_default();
    text::check_id("Idempotency-Key", key)?;
    Ok(Some(key))
}

fn claimed(job: Option<Job>) -> Reply {
    let Some(job) = job else { return Reply::empty() };
    Reply::ok(&json!({
        "message_id": job.message_id, "conversation_id": job.conversation_id, "agent_key": job.agent_key,
        "lease_id": job.lease_id, "lease_expires_at": job.lease_expires_at, "message": job.message,
    }))
}

pub(crate) async fn hydrate(app: &App, call: &Call) -> Result<Reply, Problem> {
    let bundle = queue::hydrate(&app.cx(call), app.settings.keys()?, call.worker()?, call.param("message_id")).await?;
    let attachments = media::attachments(app, call, &bundle.message).await?;
    Ok(Reply::ok(&json!({
        "message_id": bundle.message_id, "conversation_id": bundle.conversation_id, "agent_key": bundle.agent_key,
        "message": bundle.message, "attachments": attachments, "turns": bundle.turns, "system_prompt": bundle.system_prompt,
        "telegram_bot_token": bundle.bot_token.as_ref().map(Secret::expose), "bridge": bundle.bridge.as_ref().map(bridge),
    })))
}

fn bridge(bridge: &BridgeRuntime) -> Value {
    json!({
        "base_url": bridge.base_url, "service_id": bridge.service_id, "app_key": bridge.app_key,
        "service_key": bridge.service_key.as_ref().map(Secret::expose), "service_key_ref": bridge.service_key_ref,
        "base_url_map": bridge.base_url_map, "bot_id": bridge.bot_id,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Holder {
    message_id: String,
    lease_id: String,
}

pub(crate) async fn heartbeat(app: &App, call: &Call) -> Result<Reply, Problem> {
    let holder: Holder = call.json()?;
    let lease_expires_at = queue::heartbeat(&app.cx(call), ending(call, &holder.message_id, &holder.lease_id)?).await?;
    Ok(Reply::ok(&json!({ "lease_expires_at": lease_expires_at })))
}

pub(crate) async fn complete(app: &App, call: &Call) -> Result<Reply, Problem> {
    let holder: Holder = call.json()?;
    queue::complete(&app.cx(call), ending(call, &holder.message_id, &holder.lease_id)?).await?;
    Ok(Reply::empty())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewReply {
    message_id: String,
    lease_id: String,
    text: String,
    #[serde(default)]
    format: Format,
}

/// Says something in the chat of the message; once for each `Idempotency-Key` of the message.
pub(crate) async fn reply(app: &App, call: &Call) -> Result<Reply, Problem> {
    let NewReply { message_id, lease_id, text, format } = call.json()?;
    let missing = || Problem::field("missing_field", "Idempotency-Key", "the header is missing");
    let key = call.headers.get("idempotency-key").ok_or_else(missing)?.to_str().unwrap_or_default();
    text::check_id("Idempotency-Key", key)?;
    let reply = outbox::Reply { message_id: &message_id, lease_id: &lease_id, text: &text, format, idempotency_key: key };
    let queued = outbox::reply(&app.cx(call), call.worker()?, reply).await?;
    call.calls_telegram.set(!queued.repeated);
    let status = if queued.repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok(Reply::json(status, &json!({ "reply_id": queued.reply_id, "parts": queued.parts })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    message_id: String,
    lease_id: String,
    error: String,
}

pub(crate) async fn fail(app: &App, call: &Call) -> Result<Reply, Problem> {
    let failure: Failure = call.json()?;
    let ending = ending(call, &failure.message_id, &failure.lease_id)?;
    let failed = queue::fail(&app.cx(call), ending, &failure.error).await?;
    Ok(Reply::ok(
        &json!({ "dead_lettered": failed.dead_lettered, "ready_at": (!failed.dead_lettered).then_some(failed.ready_at) }),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Turns {
    turns: Vec<NewTurn>,
}

pub(crate) async fn append_turns(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Turns { turns } = call.json()?;
    let appended = queue::append_turns(&app.cx(call), call.worker()?, call.param("conversation_id"), &turns).await?;
    Ok(Reply::ok(&json!({ "turn_count": appended.turn_count })))
}

fn ending<'a>(call: &'a Call, message_id: &'a str, lease_id: &'a str) -> Result<Ending<'a>, Problem> {
    Ok(Ending { worker_id: &call.worker()?.worker_id, message_id, lease_id })
}
