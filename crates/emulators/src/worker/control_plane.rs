//! Function calls over HTTP, as the existing worker makes them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::web::Client;

/// Why a call gave no value.
#[derive(Clone, Debug)]
pub(crate) enum CallError {
    /// The function refused.
    Refused(String),
    /// Anything else: no answer, or not in the protocol's form.
    Transport(String),
}

impl std::fmt::Display for CallError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CallError::Refused(why) => write!(formatter, "refused: {why}"),
            CallError::Transport(why) => write!(formatter, "transport: {why}"),
        }
    }
}

/// The control plane at its base URL, which carries the worker's credential.
pub(crate) struct ControlPlane {
    http: Client,
    base_url: String,
    namespace: String,
    timeout: Duration,
}

impl ControlPlane {
    pub(crate) fn new(http: Client, base_url: String, namespace: String, timeout: Duration) -> ControlPlane {
        ControlPlane { http, base_url, namespace, timeout }
    }

    pub(crate) async fn query(&self, function: &str, args: Value) -> Result<Value, CallError> {
        self.call("query", function, args).await
    }

    pub(crate) async fn mutation(&self, function: &str, args: Value) -> Result<Value, CallError> {
        self.call("mutation", function, args).await
    }

    async fn call(&self, kind: &str, function: &str, args: Value) -> Result<Value, CallError> {
        let body = json!({
            "path": format!("{}:{function}", self.namespace),
            "args": args,
            "format": "json",
        });
        let request = self.http.post_json(&format!("{}/api/{kind}", self.base_url), &body).timeout(self.timeout);
        let response = request.send().await.map_err(|error| CallError::Transport(error.to_string()))?;
        let (status, text) = (response.status(), response.text());
        if !status.is_success() {
            return Err(CallError::Transport(format!("{function}: {status}: {text}")));
        }
        let mut answer: Value =
            serde_json::from_str(&text).map_err(|_| CallError::Transport(format!("{function}: not JSON: {text}")))?;
        match answer["status"].as_str() {
            Some("success") => Ok(answer["value"].take()),
            Some("error") => {
                let why = answer["errorMessage"].as_str().unwrap_or("no message");
                Err(CallError::Refused(format!("{function}: {why}")))
            }
            _ => Err(CallError::Transport(format!("{function}: no status: {text}"))),
        }
    }
}
