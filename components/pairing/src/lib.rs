//! Pairing codes and bindings.
#![cfg(target_arch = "wasm32")]

use clawstead_domain::text;
use clawstead_operations::{bindings, pairings};
use clawstead_service::spin::{App, HttpReply, serve};
use clawstead_service::{Call, Component, Operation, Problem, Reply};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> HttpReply {
    serve(Component::Pairing, request, operate).await
}

async fn operate(app: &App, call: &Call) -> Result<Reply, Problem> {
    match call.operation {
        Operation::CreatePairing => create(app, call).await,
        Operation::GetPairing => show(app, call).await,
        Operation::ListBindings => list_bindings(app, call).await,
        other => Err(Problem::internal(format!("{} is not for this component", other.name()))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    consumer_user_id: String,
    agent_key: String,
    ttl_ms: Option<i64>,
}

async fn create(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Create { consumer_user_id, agent_key, ttl_ms } = call.json()?;
    let pairing = pairings::create(&app.cx(call), &consumer_user_id, &agent_key, ttl_ms).await?;
    Ok(Reply::json(StatusCode::CREATED, &pairing))
}

async fn show(app: &App, call: &Call) -> Result<Reply, Problem> {
    let pairing = pairings::get(&app.cx(call), call.param("pairing_id")).await?;
    let not_found = || Problem::new(StatusCode::NOT_FOUND, "pairing_not_found", "there is no such pairing");
    Ok(Reply::ok(&pairing.ok_or_else(not_found)?))
}

async fn list_bindings(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["consumer_user_id"])?;
    let user = query
        .text("consumer_user_id")
        .ok_or_else(|| Problem::field("missing_field", "consumer_user_id", "the field is missing"))?;
    text::check_id("consumer_user_id", &user)?;
    Ok(Reply::ok(&json!({ "bindings": bindings::list(&app.cx(call), &user).await? })))
}
