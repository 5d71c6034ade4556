//! Answers in Telegram's form.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A refusal: the status is both the HTTP status and `error_code`.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: u16,
    description: String,
    retry_after: Option<u64>,
}

/// What a method gives.
pub(crate) type Answer = Result<Value, Refusal>;

impl Refusal {
    pub(crate) fn new(status: u16, description: impl Into<String>) -> Refusal {
        Refusal { status, description: description.into(), retry_after: None }
    }

    /// 400 with the prefix that all of them carry.
    pub(crate) fn bad_request(why: impl std::fmt::Display) -> Refusal {
        Refusal::new(400, format!("Bad Request: {why}"))
    }

    pub(crate) fn unauthorized() -> Refusal {
        Refusal::new(401, "Unauthorized")
    }

    pub(crate) fn not_found() -> Refusal {
        Refusal::new(404, "Not Found")
    }

    pub(crate) fn with_retry_after(mut self, seconds: Option<u64>) -> Refusal {
        self.retry_after = seconds;
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut body = json!({
            "ok": false,
            "error_code": self.status,
            "description": self.description,
        });
        if let Some(seconds) = self.retry_after {
            body["parameters"] = json!({ "retry_after": seconds });
        }
        (status, Json(body)).into_response()
    }
}

/// The HTTP form of a method's result.
pub(crate) fn respond(answer: Answer) -> Response {
    match answer {
        Ok(result) => Json(json!({ "ok": true, "result": result })).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}
