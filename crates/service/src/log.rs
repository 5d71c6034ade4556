//! One line of JSON per request, on standard output. It never holds a path (worker tokens stand there), a secret, or what
//! somebody wrote.

use serde_json::json;

use crate::{Operation, Problem, Reply};

/// What a line tells.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) component: &'static str,
    pub(crate) operation: Option<Operation>,
    /// The function, when the operation is to call one.
    pub(crate) function: Option<&'static str>,
    /// Streams that were appended to.
    pub(crate) streams: &'a [String],
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
            "function": self.function, "streams": self.streams, "actor": self.actor, "correlation": self.correlation, "status": status.as_u16(), "ms": self.ms, "code": code, "cause": cause,
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_who_what_and_how_it_went() {
        let outcome = Err(Problem::internal("disk I/O error"));
        let line = Line {
            component: "enqueue",
            operation: Some(Operation::EnqueueMessage),
            function: None,
            streams: &["conversation-1".to_owned()],
            actor: "service:k",
            correlation: "c",
            at: 1,
            ms: 2,
            outcome: &outcome,
        };
        let told: serde_json::Value = serde_json::from_str(&line.text()).unwrap();
        assert_eq!((told["level"].as_str(), told["status"].as_u64()), (Some("error"), Some(500)));
        assert_eq!((told["code"].as_str(), told["cause"].as_str()), (Some("internal"), Some("disk I/O error")));
        assert_eq!(told["streams"], json!(["conversation-1"]));
        assert_eq!((told["operation"].as_str(), told["actor"].as_str()), (Some("EnqueueMessage"), Some("service:k")));
    }
}
