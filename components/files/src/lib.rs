//! Bytes of snapshots and attachments, in and out through signed links, never whole in memory.
#![cfg(target_arch = "wasm32")]

mod download;
mod upload;

use std::rc::Rc;

use clawstead_operations::files::{self, Link};
use clawstead_service::spin::{Answer, App, HttpReply, RequestBody, serve_streams};
use clawstead_service::{Call, Component, Operation, Principal, Problem, Reply};
use http::StatusCode;
use serde_json::json;
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> HttpReply {
    serve_streams(Component::Files, request, operate).await
}

async fn operate(app: &Rc<App>, call: &mut Call, body: RequestBody) -> Result<Answer, Problem> {
    match call.operation {
        Operation::CreateFile => create(app, call).await,
        Operation::UploadFile => upload::take(app, call, &link(call)?, body).await,
        Operation::DownloadFile => download::give(app, call, link(call)?).await,
        other => Err(Problem::internal(format!("{} is not for this component", other.name()))),
    }
}

/// Whoever sends messages brings their files first, through a link of his own.
async fn create(app: &App, call: &Call) -> Result<Answer, Problem> {
    let expected = files::expect_attachment(&app.cx(call), &app.links()?).await?;
    let body = json!({
        "storage_id": expected.file_id, "upload_url": expected.upload_url, "expires_at": expected.expires_at,
    });
    Ok(Reply::json(StatusCode::CREATED, &body).into())
}

fn link(call: &Call) -> Result<Link, Problem> {
    match &call.principal {
        Principal::FileLink(link) => Ok((**link).clone()),
        _ => Err(Problem::forbidden()),
    }
}
