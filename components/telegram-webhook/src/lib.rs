//! Updates from Telegram, at `/telegram/<bot id>/webhook`.
#![cfg(target_arch = "wasm32")]

use clawstead_operations::ingress::{self, Outcome};
use clawstead_service::spin::{App, HttpReply, serve};
use clawstead_service::{Call, Component, Operation, Principal, Problem, Reply};
use serde_json::json;
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> HttpReply {
    serve(Component::TelegramWebhook, request, operate).await
}

/// What Telegram proved to have sent is answered with 200 once it is in the log or known to be of no use; anything else
/// makes Telegram send it again.
async fn operate(app: &App, call: &Call) -> Result<Reply, Problem> {
    let (Operation::ReceiveUpdate, Principal::Bot(bot)) = (call.operation, &call.principal) else {
        return Err(Problem::internal("not for this component"));
    };
    let outcome = ingress::receive(&app.cx(call), bot, &call.body).await?;
    call.enqueued.set(matches!(outcome, Outcome::Enqueued { .. }));
    let body = match outcome {
        Outcome::Enqueued { message_id } => json!({ "ok": true, "outcome": "enqueued", "message_id": message_id }),
        Outcome::Duplicate { message_id } => json!({ "ok": true, "outcome": "duplicate", "message_id": message_id }),
        Outcome::Paired => json!({ "ok": true, "outcome": "paired" }),
        Outcome::Refused { reason } => json!({ "ok": true, "outcome": "refused", "reason": reason }),
        Outcome::Ignored { reason } => json!({ "ok": true, "outcome": "ignored", "reason": reason }),
    };
    Ok(Reply::ok(&body))
}
