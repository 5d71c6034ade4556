//! Bytes of snapshots and attachments, in and out through signed links, never whole in memory.
#![cfg(target_arch = "wasm32")]

mod download;
mod upload;

use std::rc::Rc;

use clawstead_operations::files::Link;
use clawstead_service::spin::{Answer, App, HttpReply, RequestBody, serve_streams};
use clawstead_service::{Call, Component, Operation, Principal, Problem};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> HttpReply {
    serve_streams(Component::Files, request, operate).await
}

async fn operate(app: &Rc<App>, call: &mut Call, body: RequestBody) -> Result<Answer, Problem> {
    let link = link(call)?;
    match call.operation {
        Operation::UploadFile => upload::take(app, call, &link, body).await,
        Operation::DownloadFile => download::give(app, call, link).await,
        other => Err(Problem::internal(format!("{} is not for this component", other.name()))),
    }
}

fn link(call: &Call) -> Result<Link, Problem> {
    match &call.principal {
        Principal::FileLink(link) => Ok((**link).clone()),
        _ => Err(Problem::forbidden()),
    }
}
