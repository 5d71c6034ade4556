//! Messages.

use std::collections::BTreeMap;

use clawstead_domain::conversation::Enqueue;
use clawstead_domain::text;
use clawstead_ledger::dedup_key;
use clawstead_operations::files::{self, NewAttachment};
use clawstead_operations::queue;
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use clawstead_vault::sha256_hex;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    conversation_id: Option<String>,
    agent_key: String,
    provider: String,
    provider_user_id: String,
    text: String,
    external_id: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    #[serde(default)]
    attachments: Vec<NewAttachment>,
    priority: Option<i64>,
    scheduled_for: Option<i64>,
    max_attempts: Option<i64>,
}

pub(crate) async fn enqueue(app: &App, call: &Call) -> Result<Reply, Problem> {
    let message: Message = call.json()?;
    let cx = app.cx(call);
    let key = idempotency_key(call)?;
    let command = Enqueue {
        conversation_id: message.conversation_id.unwrap_or_else(|| cx.new_id()),
        agent_key: message.agent_key,
        provider: message.provider,
        provider_user_id: message.provider_user_id,
        text: message.text,
        external_id: message.external_id,
        metadata: message.metadata,
        priority: message.priority,
        scheduled_for: message.scheduled_for,
        max_attempts: message.max_attempts,
        request_hash: key.as_ref().map(|_| request_hash(&call.body)),
        ..Enqueue::default()
    };
    let accepted = files::enqueue_with(&cx, command, &message.attachments, key).await?;
    call.enqueued.set(!accepted.repeated);
    let status = if accepted.repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok(Reply::json(status, &accepted))
}

pub(crate) async fn show(app: &App, call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(&queue::message(&app.cx(call), call.param("message_id")).await?))
}

pub(crate) async fn cancel(app: &App, call: &Call) -> Result<Reply, Problem> {
    queue::cancel(&app.cx(call), call.param("message_id")).await?;
    show(app, call).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reschedule {
    scheduled_for: i64,
}

pub(crate) async fn reschedule(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Reschedule { scheduled_for } = call.json()?;
    queue::reschedule(&app.cx(call), call.param("message_id"), scheduled_for).await?;
    show(app, call).await
}

/// Of what the body says, not of how it is written.
fn request_hash(body: &[u8]) -> String {
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    sha256_hex(said.to_string())
}

/// The dedup key of the header `Idempotency-Key`; each principal has keys of its own.
fn idempotency_key(call: &Call) -> Result<Option<String>, Problem> {
    let Some(header) = call.headers.get("idempotency-key") else { return Ok(None) };
    let key = header.to_str().unwrap_or_default();
    text::check_id("Idempotency-Key", key)?;
    Ok(Some(dedup_key(&["enqueue", &call.principal.actor(), key])))
}
