//! clawstead, started on a database, with workers and a key to enqueue with.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clawstead_host::{Host, HostOptions};
use clawstead_sandbox::{Keys, Sandbox, SandboxOptions, seed, workspace_file};
use serde_json::{Value, json};

use crate::client::Request;
use crate::fill::{BACKLOG, TEXT};

/// The agent whose bot brings webhooks.
pub(crate) const AGENT: &str = seed::AGENT;

/// Long enough that no lease ends while something is measured.
const LEASE: Duration = Duration::from_secs(3_600);

/// A started clawstead.
pub(crate) struct Rig {
    pub(crate) sandbox: Sandbox,
    pub(crate) address: SocketAddr,
    /// The header that enqueues.
    key_header: String,
    /// Tokens of workers, one for each client there can be.
    pub(crate) workers: Vec<String>,
}

impl Rig {
    /// Starts it in a folder that may hold a database.
    pub(crate) async fn start(folder: &Path, durability: &str, workers: usize) -> Result<Self> {
        let mut options = SandboxOptions::new(folder, Keys::generate()?);
        options.tick_every = None;
        options.variables.insert("durability".to_owned(), durability.to_owned());
        let sandbox = options.start().await?;
        sandbox.telegram().add_bot(seed::bot());
        let api = sandbox.api().clone();
        let address = api.base_url().trim_start_matches("http://").parse().context("an address")?;
        seed::config(&api, "lease", &json!({"lease_ms": LEASE.as_millis() as u64, "silent_after_ms": LEASE.as_millis() as u64}))
            .await?;
        seed::agent(&api, AGENT).await?;
        seed::agent(&api, BACKLOG).await?;
        seed::linked_bot(&api, AGENT, seed::BOT_TOKEN).await?;
        let key = api.post("/v1/api-keys", &json!({"name": "bench", "scopes": ["messages"]})).await?.success()?;
        let key_header = format!("authorization: Bearer {}\r\n", key["key"].as_str().context("a key")?);
        let mut tokens = Vec::new();
        for _ in 0..workers {
            let worker = api.post("/v1/workers", &json!({})).await?.success()?;
            tokens.push(worker["token"].as_str().context("a token")?.to_owned());
        }
        Ok(Self { sandbox, address, key_header, workers: tokens })
    }

    /// Accepts or holds back the messages that were queued beforehand.
    pub(crate) async fn backlog(&self, enabled: bool) -> Result<()> {
        let path = format!("/v1/agents/{BACKLOG}");
        self.sandbox.api().put(&path, &json!({ "enabled": enabled })).await?.success()?;
        Ok(())
    }

    /// A message for a conversation of its own.
    pub(crate) fn enqueue(&self) -> Request {
        self.message(0)
    }

    /// The same with a priority that no message may have: refused when all has been read and decided, before anything is written.
    pub(crate) fn refused(&self) -> Request {
        self.message(101)
    }

    fn message(&self, priority: i64) -> Request {
        let body = json!({
            "agent_key": BACKLOG, "provider": "app", "provider_user_id": "ada", "text": TEXT, "priority": priority
        });
        Request { line: "POST /v1/messages".to_owned(), header: self.key_header.clone(), body: body.to_string() }
    }
}

/// What a worker asks for.
pub(crate) fn of_worker(token: &str, method: &str, path: &str, body: &Value) -> Request {
    let body = if method == "GET" { String::new() } else { body.to_string() };
    Request { line: format!("{method} /worker/{token}/v1/{path}"), header: String::new(), body }
}

/// The host with the component that does nothing.
pub(crate) async fn empty_handler(folder: &Path) -> Result<Host> {
    let manifest = workspace_file("crates/host/tests/fixture.toml");
    let options = HostOptions::new(manifest).data_dir(folder).cache_dir(workspace_file("target/component-cache"));
    Ok(options.variable("key", "bench").start().await?)
}
