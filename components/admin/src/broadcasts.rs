//! Broadcasts.

use clawstead_domain::push::BroadcastDraft;
use clawstead_operations::push;
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Send {
    company_id: Option<String>,
    title: String,
    text: String,
    requested_by: Option<String>,
}

/// 201 when it is at its end, 202 when the tick goes on with it.
pub(crate) async fn send(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Send { company_id, title, text, requested_by } = call.json()?;
    let key = call.message_key(&call.principal)?;
    let draft = BroadcastDraft {
        company_id: call.principal.company(company_id)?,
        title,
        text,
        requested_by: requested_by.unwrap_or_else(|| call.principal.actor()),
        reach: call.principal.limit().cloned().unwrap_or_default(),
        request_hash: key.as_ref().map(|_| call.request_hash()),
    };
    let broadcast = push::send_broadcast(&app.cx(call), &draft, key).await?;
    call.enqueued.set(broadcast.enqueued > 0);
    let status = if broadcast.completed_at.is_some() { StatusCode::CREATED } else { StatusCode::ACCEPTED };
    Ok(Reply::json(status, &broadcast))
}

pub(crate) async fn show(app: &App, call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(&push::broadcast(&app.cx(call), call.param("broadcast_id")).await?))
}

pub(crate) async fn list(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["before", "limit"])?;
    let found = push::broadcasts(&app.cx(call), query.text("before").as_deref(), query.limit()?).await?;
    let next_before = found.last().map(|last| last.broadcast_id.clone());
    Ok(Reply::ok(&json!({ "broadcasts": found, "next_before": next_before })))
}
