//! Problem responses (RFC 9457).

use clawstead_domain::{Refusal, RefusalKind};
use clawstead_ledger::EngineError;
use clawstead_mutation::{Mutation, made};
use clawstead_operations::OperationError;
use http::StatusCode;
use serde_json::json;

/// A disk that failed is mostly not good again within a second.
const IO_RETRY_AFTER_S: i64 = 5;

/// Why a request is not answered with what was asked for. The `code` is stable; clients may match on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// HTTP status.
    pub status: StatusCode,
    /// Stable name.
    pub code: &'static str,
    /// For people; holds no secret and no message text.
    pub detail: String,
    /// The field at fault, if one is.
    pub field: Option<String>,
    /// For the log, not for the caller.
    pub cause: Option<String>,
    /// When to try again, seconds from now, if that is known.
    pub retry_after_s: Option<i64>,
}

impl Problem {
    /// A problem with a status, a code and a text.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), field: None, cause: None, retry_after_s: None }
    }

    /// A field with a value that cannot be.
    pub fn field(code: &'static str, field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(StatusCode::BAD_REQUEST, code, detail) }
    }

    /// Credentials that are missing or wrong; nobody learns which.
    pub fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "the credentials are missing or wrong")
    }

    /// Credentials that are good, but not for this.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "these credentials do not allow this")
    }

    /// Something of ours is broken; `cause` is for the log.
    pub fn internal(cause: impl Into<String>) -> Self {
        let problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something went wrong on our side");
        Self { cause: Some(cause.into()), ..problem }
    }

    /// A body that is longer than we read.
    pub fn body_too_large(bytes_max: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", format!("at most {bytes_max} bytes"))
    }

    /// The body of the response.
    pub fn body(&self) -> serde_json::Value {
        let mut body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Problem"),
            "status": self.status.as_u16(),
            "code": self.code,
            "detail": self.detail,
        });
        if let Some(field) = &self.field {
            body["field"] = json!(field);
        }
        body
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.kind {
            RefusalKind::Invalid => StatusCode::BAD_REQUEST,
            RefusalKind::NotFound => StatusCode::NOT_FOUND,
            RefusalKind::Conflict => StatusCode::CONFLICT,
            RefusalKind::Limit => StatusCode::TOO_MANY_REQUESTS,
            RefusalKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        };
        Self { field: refusal.field.map(str::to_owned), ..Self::new(status, refusal.code, refusal.detail) }
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        let problem = if error.is_busy() {
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "database_busy", "the database is busy; try again")
        } else if error.is_full() {
            Self::new(StatusCode::INSUFFICIENT_STORAGE, "database_full", "there is no room left; nothing of this was done")
        } else if error.is_io() && !made(Mutation::Blunt) {
            let detail = "the disk of the database failed; whether this was done is not known: ask again, with the same key";
            let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "database_unavailable", detail);
            Self { retry_after_s: Some(IO_RETRY_AFTER_S), ..problem }
        } else {
            Self::internal("")
        };
        Self { cause: Some(error.to_string()), ..problem }
    }
}

impl From<OperationError> for Problem {
    fn from(error: OperationError) -> Self {
        let text = error.to_string();
        match error {
            OperationError::Refused(refusal) => refusal.into(),
            OperationError::Engine(error) => error.into(),
            OperationError::Raced | OperationError::Duplicate(_) => {
                Self::new(StatusCode::CONFLICT, "contended", "others changed the same thing at the same time; try again")
            }
            OperationError::Rule(rule) => {
                Self::new(StatusCode::CONFLICT, "rule_broken", format!("it would break the rule {rule}"))
            }
            OperationError::Outside { service, permanent, .. } => {
                let detail = if permanent { "refused the request" } else { "does not answer" };
                let problem = Self::new(StatusCode::BAD_GATEWAY, "outside_trouble", format!("{service} {detail}"));
                Self { cause: Some(text), ..problem }
            }
            OperationError::Unexpected(_) | OperationError::Vault { .. } => Self::internal(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reply;

    #[test]
    fn the_cause_is_not_shown() {
        let problem = Problem::from(OperationError::Unexpected("a row of messages".into()));
        assert_eq!(problem.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!problem.body().to_string().contains("row"));
        assert!(problem.cause.is_some_and(|cause| cause.contains("a row of messages")));
    }

    #[test]
    fn a_busy_database_is_worth_another_try() {
        let problem = Problem::from(EngineError("database is locked".into()));
        assert_eq!((problem.status.as_u16(), problem.code), (503, "database_busy"));
    }

    #[test]
    fn a_full_database_is_called_so() {
        let problem = Problem::from(EngineError("database or disk is full".into()));
        assert_eq!((problem.status.as_u16(), problem.code), (507, "database_full"));
    }

    #[test]
    fn a_disk_that_fails_is_worth_another_try_and_nothing_else_is() {
        for text in ["disk I/O error", "unable to open database file: /data/default.db", "SQLITE_IOERR_FSYNC"] {
            let problem = Problem::from(EngineError(text.into()));
            assert_eq!((problem.status.as_u16(), problem.code), (503, "database_unavailable"), "{text}");
            let reply = Reply::from(&problem);
            assert!(reply.headers.contains(&("retry-after", "5".to_owned())), "{:?}", reply.headers);
            assert!(!problem.body().to_string().contains("/data"), "paths are for the log");
        }
        assert_eq!(Problem::from(EngineError("database disk image is malformed".into())).status.as_u16(), 500);
    }
}
