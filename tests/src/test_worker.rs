//! A worker that does one step at a time, when the test says so.

use clawstead_sandbox::{Answer, Api};
use serde_json::{Value, json};

use crate::function_calls::{self, FunctionKind, function_value};

/// A registered worker, spoken for by the test.
#[derive(Clone)]
pub struct TestWorker {
    /// What `POST /v1/workers` gave as its id.
    pub id: String,
    /// Its token.
    pub token: String,
    /// clawstead at the worker's own base URL, without a key.
    pub api: Api,
}

impl TestWorker {
    pub(crate) async fn register(operator: &Api) -> Self {
        let answer = operator.post("/v1/workers", &json!({"name": "a test"})).await.expect("clawstead answers");
        assert_eq!(answer.status, 201, "{}", answer.text);
        let text = |name: &str| answer.json[name].as_str().expect("a text").to_owned();
        let base_url = text("base_url");
        assert!(base_url.ends_with(&format!("/worker/{}", text("token"))), "{base_url}");
        Self { id: text("worker_id"), token: text("token"), api: Api::new(base_url, "").anonymous() }
    }

    /// Calls a function at the worker's base URL.
    pub async fn call(&self, kind: FunctionKind, name: &str, arguments: &Value) -> Answer {
        function_calls::call(&self.api, kind, name, arguments).await
    }

    /// `workerClaim`: the job, or null.
    pub async fn claim(&self) -> Value {
        function_value(&self.call(FunctionKind::Mutation, "workerClaim", &json!({"workerId": self.id})).await)
    }

    /// `workerHeartbeat`.
    pub async fn heartbeat(&self, job: &Value) -> Answer {
        self.call(FunctionKind::Mutation, "workerHeartbeat", &self.lease(job)).await
    }

    /// `workerHydrationBundle`.
    pub async fn hydrate(&self, job: &Value) -> Answer {
        let arguments = json!({"messageId": job["messageId"], "workspaceId": "default"});
        self.call(FunctionKind::Query, "workerHydrationBundle", &arguments).await
    }

    /// `workerAppendConversationMessages` with a turn of the user and one of the assistant.
    pub async fn append(&self, job: &Value, reply: &str) -> Answer {
        let arguments = json!({
            "conversationId": job["conversationId"],
            "workspaceId": "default",
            "messages": [
                {"role": "user", "content": job["payload"]["messageText"], "at": 1_763_619_641_000_i64},
                {"role": "assistant", "content": reply, "at": 1_763_619_641_001_i64},
            ],
        });
        self.call(FunctionKind::Mutation, "workerAppendConversationMessages", &arguments).await
    }

    /// `workerComplete`.
    pub async fn complete(&self, job: &Value) -> Answer {
        self.call(FunctionKind::Mutation, "workerComplete", &self.lease(job)).await
    }

    /// `workerFail`.
    pub async fn fail(&self, job: &Value, error: &str) -> Answer {
        let mut arguments = self.lease(job);
        arguments["errorMessage"] = json!(error);
        self.call(FunctionKind::Mutation, "workerFail", &arguments).await
    }

    fn lease(&self, job: &Value) -> Value {
        json!({"workerId": self.id, "messageId": job["messageId"], "leaseId": job["leaseId"]})
    }
}
