//! Messages.

use std::collections::BTreeMap;

use clawstead_domain::conversation::Enqueue;
use clawstead_operations::files::{self, NewAttachment};
use clawstead_operations::queue::{self, Said, UserMessage};
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use http::StatusCode;
use serde::Deserialize;

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
    let key = call.message_key(&call.principal)?;
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
        request_hash: key.as_ref().map(|_| call.request_hash()),
        ..Enqueue::default()
    };
    let accepted = files::enqueue_with(&cx, command, &message.attachments, key).await?;
    call.enqueued.set(!accepted.repeated);
    let status = if accepted.repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok(Reply::json(status, &accepted))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfUser {
    text: Option<String>,
    template_id: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

/// In the name of the user that the path names.
pub(crate) async fn send(app: &App, call: &Call) -> Result<Reply, Problem> {
    let OfUser { text, template_id, metadata } = call.json()?;
    let said = match (text, template_id) {
        (Some(text), None) => Said::Text(text),
        (None, Some(template_id)) => Said::Template(template_id),
        (Some(_), Some(_)) => return Err(Problem::field("invalid_field", "template_id", "goes without text only")),
        (None, None) => return Err(Problem::field("missing_field", "text", "there must be a text or a template_id")),
    };
    let key = call.message_key(&call.principal)?;
    let request_hash = key.as_ref().map(|_| call.request_hash());
    let message = UserMessage::new(call.param("consumer_user_id"), call.param("agent_key"), said);
    let message = UserMessage { metadata, request_hash, ..message };
    let sent = queue::send_as_user(&app.cx(call), &message, key).await?;
    call.enqueued.set(!sent.accepted.repeated);
    let status = if sent.accepted.repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok(Reply::json(status, &sent))
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
