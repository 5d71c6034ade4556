//! `/bot<token>/<method>` and `/file/bot<token>/<path>`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State as Shares};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;

use super::answer::{Refusal, respond};
use super::parameters::Parameters;
use super::{Shared, methods};
use crate::faults::Fault;

pub(crate) async fn serve(Shares(shared): Shares<Arc<Shared>>, request: Request) -> Response {
    let path = percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned();
    if let Some((token, file_path)) = split(&path, "/file/bot") {
        return download(&shared, token, file_path);
    }
    let Some((token, method)) = split(&path, "/bot") else {
        return Refusal::not_found().into_response();
    };
    let account = shared.store.read(|state| state.account_of_token(token).map(|one| one.bot.id));
    let Some(bot_id) = account else {
        return Refusal::unauthorized().into_response();
    };
    let fault = shared.faults().take(method, &path).unwrap_or_default();
    if let Some(refusal) = trouble_before(&fault).await {
        return refusal.into_response();
    }
    let parameters = match Parameters::of_request(request).await {
        Ok(parameters) => parameters,
        Err(refusal) => return refusal.into_response(),
    };
    let answer = methods::call(&shared, bot_id, method, parameters);
    if fault.lost_reply {
        return Refusal::new(504, "Gateway Timeout").into_response();
    }
    respond(answer)
}

/// Token and rest of a path; a token has no slash.
fn split<'a>(path: &'a str, prefix: &str) -> Option<(&'a str, &'a str)> {
    path.strip_prefix(prefix)?.split_once('/')
}

async fn trouble_before(fault: &Fault) -> Option<Refusal> {
    if let Some(latency) = fault.latency_ms {
        tokio::time::sleep(Duration::from_millis(latency)).await;
    }
    let status = fault.status?;
    let description = match (&fault.message, status, fault.retry_after) {
        (Some(message), _, _) => message.clone(),
        (None, 429, Some(seconds)) => format!("Too Many Requests: retry after {seconds}"),
        (None, status, _) => StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("Internal Server Error")
            .to_owned(),
    };
    Some(Refusal::new(status, description).with_retry_after(fault.retry_after))
}

fn download(shared: &Shared, token: &str, file_path: &str) -> Response {
    if shared.store.read(|state| state.account_of_token(token).is_none()) {
        return Refusal::unauthorized().into_response();
    }
    match shared.store.read(|state| state.files.content(file_path)) {
        Some(bytes) => ([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        None => Refusal::not_found().into_response(),
    }
}
