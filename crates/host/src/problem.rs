//! Answers that the host gives itself, as RFC 9457 problem details.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};

use crate::outbound::{Body, body};

/// A problem response. `code` is for programs, `detail` for people.
pub(crate) fn problem(status: StatusCode, code: &str, detail: &str) -> Response<Body> {
    let details = serde_json::json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "code": code,
        "detail": detail,
    });
    let mut response = Response::new(body(details.to_string()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
