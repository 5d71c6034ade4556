//! What workers of our own protocol ask for, under `/worker/<token>/v1`.
#![cfg(target_arch = "wasm32")]

mod jobs;
mod media;
mod skills;
mod snapshots;

use clawstead_service::spin::{App, HttpReply, serve};
use clawstead_service::{Call, Component, Operation, Problem, Reply};
use serde_json::json;
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> HttpReply {
    serve(Component::WorkerApi, request, operate).await
}

async fn operate(app: &App, call: &Call) -> Result<Reply, Problem> {
    match call.operation {
        Operation::WorkerControl => Ok(Reply::ok(&json!({ "should_stop": !call.worker()?.state.takes_work() }))),
        Operation::WorkerClaim => jobs::claim(app, call).await,
        Operation::WorkerAwaitClaim => jobs::await_claim(app, call).await,
        Operation::WorkerHydrate => jobs::hydrate(app, call).await,
        Operation::WorkerHeartbeat => jobs::heartbeat(app, call).await,
        Operation::WorkerAppendTurns => jobs::append_turns(app, call).await,
        Operation::WorkerReply => jobs::reply(app, call).await,
        Operation::WorkerComplete => jobs::complete(app, call).await,
        Operation::WorkerFail => jobs::fail(app, call).await,
        Operation::WorkerAttachMetadata => media::attach_metadata(app, call).await,
        Operation::WorkerExpectMedia => media::expect(app, call).await,
        Operation::WorkerFileUrl => media::url(app, call).await,
        Operation::WorkerStartSnapshot => snapshots::start(app, call).await,
        Operation::WorkerFinishSnapshot => snapshots::finish(app, call).await,
        Operation::WorkerFailSnapshot => snapshots::fail(app, call).await,
        Operation::WorkerLatestSnapshot => snapshots::latest(app, call).await,
        Operation::WorkerFetchedSnapshot => snapshots::fetched(app, call).await,
        Operation::WorkerListSnapshots => snapshots::list(app, call).await,
        Operation::WorkerSkillsManifest => skills::manifest(app, call).await,
        other => Err(Problem::internal(format!("{} is not for this component", other.name()))),
    }
}
