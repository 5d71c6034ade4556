//! What every request passes first: authentication, then limits of rate, then faults and weather.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State as Shares};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, RETRY_AFTER};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::answer::Refusal;

pub(crate) async fn pass(Shares(shared): Shares<Arc<Shared>>, request: Request, next: Next) -> Response {
    if !authenticated(&shared, &request) {
        return Refusal::new(StatusCode::UNAUTHORIZED, "unauthorized").into_response();
    }
    let (method, path) = (request.method().as_str(), request.uri().path());
    if !shared.limits.allow(method, path) {
        return busy();
    }
    let fault = shared.faults().take(method, path).unwrap_or_else(|| shared.sky.trouble(method, path));
    if let Some(latency) = fault.latency_ms {
        tokio::time::sleep(Duration::from_millis(latency)).await;
    }
    if let Some(status) = fault.status {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let usual = status.canonical_reason().unwrap_or("error");
        let error = fault.message.unwrap_or_else(|| usual.to_owned());
        let refusal = if fault.no_capacity { Refusal::capacity(status, error) } else { Refusal::new(status, error) };
        let mut response = refusal.into_response();
        if let Some(seconds) = fault.retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        return response;
    }
    let response = next.run(request).await;
    if fault.lost_reply {
        return Refusal::new(StatusCode::GATEWAY_TIMEOUT, "upstream timed out").into_response();
    }
    response
}

fn busy() -> Response {
    let mut response = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "rate limit exceeded").into_response();
    response.headers_mut().insert(RETRY_AFTER, 1.into());
    response
}

fn authenticated(shared: &Shared, request: &Request) -> bool {
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    given.and_then(|value| value.strip_prefix("Bearer ")) == Some(shared.options.token.as_str())
}
