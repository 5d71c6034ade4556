//! Updates from Telegram, at `/telegram/<bot id>/webhook`.
#![cfg(target_arch = "wasm32")]

use clawstead_operations::ingress::{self, Outcome, Received, UpdateCount};
use clawstead_service::spin::{App, HttpReply, serve};
use clawstead_service::{Call, Component, Operation, Principal, Problem, Reply};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> HttpReply {
    serve(Component::TelegramWebhook, request, operate).await
}

/// What Telegram proved to have sent is answered with 200 once it is in the log or known to be of no use; anything else
/// makes Telegram send it again. What is said to people is never in the answer: Telegram would carry it out, and nobody would know.
async fn operate(app: &App, call: &Call) -> Result<Reply, Problem> {
    let (Operation::ReceiveUpdate, Principal::Bot(bot)) = (call.operation, &call.principal) else {
        return Err(Problem::internal("not for this component"));
    };
    let Received { kind, outcome, calls_telegram } = match call.body_is_too_long {
        true => Received::TOO_LONG,
        false => ingress::receive(&app.cx(call), bot, &call.body).await?,
    };
    call.enqueued.set(matches!(outcome, Outcome::Enqueued { .. }));
    call.calls_telegram.set(calls_telegram);
    let count =
        UpdateCount { bot_id: bot.bot_id.clone(), kind: kind.to_owned(), outcome: outcome.name(), count: 1, last_at: call.now };
    call.update.replace(Some(count));
    let mut body = serde_json::to_value(&outcome).map_err(|error| Problem::internal(error.to_string()))?;
    body["ok"] = true.into();
    Ok(Reply::ok(&body))
}
