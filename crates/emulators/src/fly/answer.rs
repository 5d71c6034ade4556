//! Refusals in Fly's form.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// A refusal with its text.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    error: String,
    no_capacity: bool,
}

/// What a route gives.
pub(crate) type Answer<T> = Result<T, Refusal>;

impl Refusal {
    pub(crate) fn new(status: StatusCode, error: impl Into<String>) -> Refusal {
        Refusal { status, error: error.into(), no_capacity: false }
    }

    pub(crate) fn invalid(error: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, error)
    }

    pub(crate) fn precondition(error: impl std::fmt::Display) -> Refusal {
        Refusal::new(StatusCode::PRECONDITION_FAILED, format!("failed_precondition: {error}"))
    }

    pub(crate) fn not_found(what: &str) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, format!("{what} not found"))
    }

    /// A lack of capacity: the only refusal that has a machine-readable `status`.
    pub(crate) fn capacity(status: StatusCode, error: impl Into<String>) -> Refusal {
        Refusal { no_capacity: true, ..Refusal::new(status, error) }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = json!({ "error": self.error });
        if self.no_capacity {
            body["status"] = json!("insufficient_capacity");
        }
        (self.status, Json(body)).into_response()
    }
}

pub(crate) async fn no_such_route() -> Refusal {
    Refusal::not_found("route")
}
