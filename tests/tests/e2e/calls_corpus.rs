//! Bodies of function calls, byte by byte, at both places where functions are called: each is answered with a reason, in bounded memory.

use clawstead_fuzz::Target;
use clawstead_tests::{App, FunctionKind, TestWorker};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// All memory that an instance may take, bytes.
const MEMORY_MAX: usize = 64 << 20;

const TARGET: Target = Target {
    name: "calls",
    words: &[
        "\"path\":",
        "\"args\":",
        "\"format\":",
        "\"json\"",
        "api:",
        "queueStats",
        "enqueue",
        "workerClaim",
        "workerComplete",
        "globalSkillsDeploy",
        "\"conversationId\":",
        "\"messageId\":",
        "\"limit\":",
        "\"$integer\":",
        "<message>",
        "<lease>",
        "<worker>",
        "{}",
        "[]",
        "true",
        "default",
    ],
    mutations: 500,
};

/// Statuses with which the protocol answers, beside those of the HTTP in front of it.
const ANSWERS: [u16; 9] = [200, 400, 401, 403, 404, 405, 409, 413, 429];

/// What the files of the corpus cannot know.
struct There {
    worker: TestWorker,
    job: Value,
}

impl There {
    async fn in_app(app: &App) -> Self {
        app.enqueue("c", "hello").await;
        let worker = app.worker().await;
        let job = worker.claim().await;
        Self { worker, job }
    }

    /// The bytes, with ids in the places of their names.
    fn fill(&self, bytes: &[u8]) -> Vec<u8> {
        let text = |name: &str| self.job[name].as_str().expect("an id").to_owned();
        let ids = [("<worker>", self.worker.id.clone()), ("<message>", text("messageId")), ("<lease>", text("leaseId"))];
        ids.iter().fold(bytes.to_vec(), |bytes, (name, id)| replace(&bytes, name.as_bytes(), id.as_bytes()))
    }
}

fn replace(bytes: &[u8], name: &[u8], id: &[u8]) -> Vec<u8> {
    let mut filled = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(name.len()).position(|part| part == name) {
        filled.extend_from_slice(&rest[..at]);
        filled.extend_from_slice(id);
        rest = &rest[at + name.len()..];
    }
    filled.extend_from_slice(rest);
    filled
}

/// Whether the call was done.
async fn check(answer: Response) -> bool {
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("a body");
    // Telegram's stand-in does not know most of the bots.
    let is_outside = status == 502 && text.contains("outside_trouble");
    assert!(ANSWERS.contains(&status) || is_outside, "{status} {text}");
    let json: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{status}, {error}: {text}"));
    if status == 200 {
        assert!(json["status"] == "success" || json["errorMessage"].is_string(), "{text}");
    } else {
        assert!(json["code"].is_string() && json["status"] == status, "{status} {text}");
    }
    status == 200 && json["status"] == "success"
}

#[test]
fn corpus_of_calls() {
    let runtime = Runtime::new().expect("a runtime");
    let _entered = runtime.enter();
    let app = runtime.block_on(App::builder().paired().memory_bytes_max(MEMORY_MAX).start());
    let there = runtime.block_on(There::in_app(&app));
    let client = Client::new();
    let bases = [app.api().base_url(), there.worker.api.base_url()];
    let far = TARGET.run(|name, bytes| {
        let body = there.fill(bytes);
        let mut done = false;
        for (base, kind) in bases
            .iter()
            .flat_map(|base| [FunctionKind::Query, FunctionKind::Mutation, FunctionKind::Action].map(|kind| (base, kind)))
        {
            let sent = client.post(format!("{base}{}", kind.path())).bearer_auth(&app.keys().operator).body(body.clone());
            done |= runtime.block_on(async { check(sent.send().await.expect("an answer")).await });
        }
        assert!(!name.starts_with("valid-") || done, "it is not done");
        done
    });
    assert!(far > TARGET.mutations / 50, "only {far} are done");
    let health = runtime.block_on(app.get("/healthz"));
    assert_eq!(health.status, 200, "{}", health.text);
    let stats = runtime.block_on(app.call(FunctionKind::Query, "queueStats", &json!({})));
    assert_eq!(stats.status, 200, "{}", stats.text);
}
