//! The suite as a Spin component.

use bytes::Bytes;
use clawstead_ledger::Durability;
use clawstead_ledger::engines::spin::SpinEngine;
use spin_sdk::http::{BoxBody, FullBody, IntoResponse, Request, Response, StatusCode, box_body};
use spin_sdk::http_service;

use crate::{Report, cases};

/// Runs the case that the path names, or all of them on `/`, and answers with a list of reports.
#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let wanted = request.uri().path().trim_matches('/').to_owned();
    match reports(&wanted).await {
        Ok(reports) => answer(StatusCode::OK, serde_json::json!(reports).to_string()),
        Err(problem) => answer(StatusCode::INTERNAL_SERVER_ERROR, problem),
    }
}

async fn reports(wanted: &str) -> Result<Vec<Report>, String> {
    let engine = SpinEngine::open("default", Durability::Normal).await.map_err(|error| error.to_string())?;
    let mut reports = Vec::new();
    for case in cases::<SpinEngine>().iter().filter(|case| wanted.is_empty() || case.name == wanted) {
        reports.push(case.report(&engine).await);
    }
    Ok(reports)
}

fn answer(status: StatusCode, body: String) -> Response<BoxBody> {
    let mut response = Response::new(box_body(FullBody::new(Bytes::from(body))));
    *response.status_mut() = status;
    response
}
