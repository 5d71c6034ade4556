//! Ticks: what is due is done, machines come and go.
#![cfg(target_arch = "wasm32")]

use clawstead_operations::tick;
use clawstead_service::outside::outside;
use clawstead_service::spin::{App, HttpReply, serve};
use clawstead_service::{Call, Component, Operation, Problem, Reply};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> HttpReply {
    serve(Component::FlyReconciler, request, operate).await
}

async fn operate(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Operation::Tick = call.operation else {
        return Err(Problem::internal("not for this component"));
    };
    Ok(Reply::ok(&tick::run(&app.cx(call), &outside(&app.settings)?).await?))
}
