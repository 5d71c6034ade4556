//! `/bot<token>/<method>` and `/file/bot<token>/<path>`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State as Shares};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;

use super::answer::{Refusal, respond};
use super::parameters::Parameters;
use super::{Shared, methods};
use crate::faults::Fault;

/// A file that comes in pieces comes in such.
const PIECE_BYTES: usize = 64 << 10;

pub(crate) async fn serve(Shares(shared): Shares<Arc<Shared>>, request: Request) -> Response {
    let path = percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned();
    if let Some((token, file_path)) = split(&path, "/file/bot") {
        return download(&shared, token, file_path).await;
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
    let mut answer = methods::call(&shared, bot_id, method, parameters);
    if let (Ok(file), Some(size)) = (&mut answer, fault.says_size) {
        file["file_size"] = size.into();
    }
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

async fn download(shared: &Shared, token: &str, file_path: &str) -> Response {
    if shared.store.read(|state| state.account_of_token(token).is_none()) {
        return Refusal::unauthorized().into_response();
    }
    let fault = shared.faults().take("download", file_path).unwrap_or_default();
    if let Some(refusal) = trouble_before(&fault).await {
        return refusal.into_response();
    }
    match shared.store.read(|state| state.files.content(file_path)) {
        Some(bytes) => ([(CONTENT_TYPE, "application/octet-stream")], served(bytes, &fault)).into_response(),
        None => Refusal::not_found().into_response(),
    }
}

/// The bytes of a file, as the trouble lets them through.
fn served(mut bytes: Vec<u8>, fault: &Fault) -> Body {
    if fault.cut_at.is_none() && fault.piece_ms.is_none() {
        return Body::from(bytes);
    }
    let cut = fault.cut_at.is_some_and(|at| at < bytes.len());
    bytes.truncate(fault.cut_at.unwrap_or(usize::MAX));
    let wait = Duration::from_millis(fault.piece_ms.unwrap_or(0));
    let pieces: VecDeque<Bytes> = bytes.chunks(PIECE_BYTES).map(Bytes::copy_from_slice).collect();
    Body::from_stream(futures::stream::unfold((pieces, cut), move |(mut pieces, cut)| async move {
        tokio::time::sleep(wait).await;
        match pieces.pop_front() {
            Some(piece) => Some((Ok(piece), (pieces, cut))),
            None if cut => Some((Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)), (pieces, false))),
            None => None,
        }
    }))
}
