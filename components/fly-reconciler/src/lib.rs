//! Ticks: what is due is done, machines come and go.
#![cfg(target_arch = "wasm32")]

use clawstead_operations::provider::Fly;
use clawstead_operations::tick;
use clawstead_service::spin::{App, HttpReply, now, serve};
use clawstead_service::{Call, Component, Operation, Problem, Reply};
use clawstead_transport::SpinTransport;
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
    let settings = &app.settings;
    let fly_api_url = format!("{}/v1", settings.fly_api_url);
    let fly = Fly {
        transport: SpinTransport::default(),
        api_url: &fly_api_url,
        api_token: &settings.fly_api_token,
        deployment: &settings.deployment,
    };
    let outside =
        tick::Outside { providers: vec![Box::new(fly)], clock: &now, keys: settings.keys()?, public_url: &settings.public_url };
    Ok(Reply::ok(&tick::run(&app.cx(call), &outside).await?))
}
