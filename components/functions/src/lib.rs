//! The function-call protocol that existing clients speak: consumer apps at `/api`, workers at `/worker/<token>/api`.
#![cfg(target_arch = "wasm32")]

mod bindings;
mod bots;
mod broadcasts;
mod consumer;
mod conversations;
mod machines;
mod media;
mod message_config;
mod pairings;
mod protocol;
mod provider_config;
mod push_jobs;
mod push_templates;
mod secrets;
mod skills;
mod snapshots;
mod table;
mod templates;
mod user_agents;
mod worker;

use clawstead_service::reach::{self, Named};
use clawstead_service::spin::{App, HttpReply, serve};
use clawstead_service::{Call, Component, Operation, Problem, Reply, authenticate};
use serde_json::Value;
use spin_sdk::http::Request;
use spin_sdk::http_service;

use crate::protocol::FunctionCall;
use crate::table::{Base, Function};

#[http_service]
async fn handle(request: Request) -> HttpReply {
    serve(Component::Functions, request, operate).await
}

/// Refusals of a function are answered with 200 and the reason; whatever else goes wrong, an envelope that cannot be read
/// among it, is an HTTP error, which clients take for transport trouble.
async fn operate(app: &App, call: &Call) -> Result<Reply, Problem> {
    let base = if call.operation == Operation::CallWorkerFunction { Base::Worker } else { Base::Consumer };
    let wanted = protocol::read(call.param("kind"), &call.body)?;
    match call_function(app, call, base, wanted).await {
        Ok(value) => Ok(protocol::success(&value)),
        Err(problem) if is_refusal(&problem) => Ok(protocol::refusal(&problem)),
        Err(problem) => Err(problem),
    }
}

/// Who is not known, or asks too much, is not answered by the function.
fn is_refusal(problem: &Problem) -> bool {
    let of_http = problem.status == http::StatusCode::UNAUTHORIZED || problem.code == "rate_limited";
    problem.status.is_client_error() && !of_http
}

async fn call_function(app: &App, call: &Call, base: Base, wanted: FunctionCall) -> Result<Value, Problem> {
    let FunctionCall { name, args } = wanted;
    protocol::refuse_encoded(&args, "args")?;
    let function = table::find(&name, base, call.param("kind"))?;
    call.function.set(Some(function.name));
    match base {
        Base::Worker => worker::run(app, call, function, args).await,
        Base::Consumer => run_for_consumer(app, call, function, args).await,
    }
}

async fn run_for_consumer(app: &App, call: &Call, function: &Function, args: Value) -> Result<Value, Problem> {
    let operation = function.operation;
    let principal = authenticate(&app.cx(call), &app.settings, &app.rates, operation, &call.headers, "", "").await?;
    let mut named = Named::default();
    named.object(&args);
    reach::check(&app.cx(call), &principal, operation, &named).await?;
    consumer::run(app, call, &principal, function, args).await
}
