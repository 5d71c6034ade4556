//! The function-call protocol of existing clients.

use clawstead_sandbox::{Answer, Api};
use serde_json::{Value, json};

/// The three routes, by what a function may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionKind {
    /// Reads.
    Query,
    /// Writes.
    Mutation,
    /// May do anything.
    Action,
}

impl FunctionKind {
    /// The route, from the base URL of the caller.
    pub fn path(self) -> &'static str {
        match self {
            Self::Query => "/api/query",
            Self::Mutation => "/api/mutation",
            Self::Action => "/api/action",
        }
    }
}

pub(crate) async fn call(api: &Api, kind: FunctionKind, name: &str, arguments: &Value) -> Answer {
    let body = json!({"path": format!("agentFactory:{name}"), "args": arguments, "format": "json"});
    api.post(kind.path(), &body).await.expect("clawstead answers")
}

/// The value of a function that succeeded.
#[track_caller]
pub fn function_value(answer: &Answer) -> Value {
    assert_eq!((answer.status, &answer.json["status"]), (200, &json!("success")), "{}", answer.text);
    answer.json["value"].clone()
}

/// The message of a function that refused.
#[track_caller]
pub fn function_error(answer: &Answer) -> String {
    assert_eq!((answer.status, &answer.json["status"]), (200, &json!("error")), "{}", answer.text);
    answer.json["errorMessage"].as_str().expect("an error message").to_owned()
}
