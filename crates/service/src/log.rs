//! One line of JSON per request, on standard output. It never holds a path (worker tokens stand there), a secret, or what
//! somebody wrote.

use serde_json::json;

use crate::{Operation, Problem, Reply};

/// What a line tells.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) component: &'static str,
    pub(crate) operation: Option<Operation>,
    pub(crate) actor: &'a str,
    pub(crate) correlation: &'a str,
    pub(crate) at: i64,
    pub(crate) ms: i64,
    pub(crate) outcome: &'a Result<Reply, Problem>,
}

impl Line<'_> {
    pub(crate) fn text(&self) -> String {
        let (status, code, cause) = match self.outcome {
            Ok(reply) => (reply.status, None, None),
            Err(problem) => (problem.status, Some(problem.code), problem.cause.as_deref()),
        };
        let level = if status.is_server_error() { "error" } else { "info" };
        json!({
            "at": self.at, "level": level, "component": self.component, "operation": self.operation.map(Operation::name),
            "actor": self.actor, "correlation": self.correlation, "status": status.as_u16(), "ms": self.ms, "code": code, "cause": cause,
        })
        .to_string()
    }
}
