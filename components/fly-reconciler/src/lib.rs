//! Ticks: what is due is done, machines come and go. And cleaning up by order.
#![cfg(target_arch = "wasm32")]

mod cleanup;

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
    match call.operation {
        Operation::Tick => Ok(Reply::ok(&tick::run(&app.cx(call), &outside(&app.settings)?, &app.stores()).await?)),
        Operation::RunCleanup => cleanup::run(app, call).await,
        Operation::ListUnowned => cleanup::unowned(app, call).await,
        Operation::DeleteVolume => cleanup::delete_volume(app, call).await,
        Operation::StartWorkers => cleanup::reconcile(app, call).await,
        other => Err(Problem::internal(format!("{} is not for this component", other.name()))),
    }
}
