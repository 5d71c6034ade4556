//! What is answered.

use http::StatusCode;
use serde::Serialize;

use crate::Problem;

/// A whole response with a JSON body, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// `application/json`, `application/problem+json`, or `text/plain`.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
}

impl Reply {
    /// A status with JSON.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self { status, content_type: "application/json", body, headers: Vec::new() }
    }

    /// 200 with JSON.
    pub fn ok(body: &impl Serialize) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// 204.
    pub fn empty() -> Self {
        Self { status: StatusCode::NO_CONTENT, content_type: "application/json", body: Vec::new(), headers: Vec::new() }
    }
}

impl From<&Problem> for Reply {
    fn from(problem: &Problem) -> Self {
        let mut reply = Self::json(problem.status, &problem.body());
        reply.content_type = "application/problem+json";
        if problem.status == StatusCode::UNAUTHORIZED {
            reply.headers.push(("www-authenticate", "Bearer".to_owned()));
        }
        if matches!(problem.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            reply.headers.push(("retry-after", problem.retry_after_s.unwrap_or(1).to_string()));
        }
        reply
    }
}
