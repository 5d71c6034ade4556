//! A host with the fixture, and a client for it.

#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses its own part")]

use clawstead_host::{Host, HostOptions};
use reqwest::{Client, Response};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A started fixture. Its databases are in a folder of its own.
pub(crate) struct Fixture {
    /// The host.
    pub(crate) host: Host,
    /// A client with kept-alive connections.
    pub(crate) client: Client,
    /// The databases.
    pub(crate) data: TempDir,
}

/// The fixture's manifest.
pub(crate) fn manifest() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    require(&here.join("../../target/wasm32-wasip2/release/host_fixture.wasm"));
    here.join("tests/fixture.toml")
}

/// Fails with the command that makes `wasm`, if it is missing.
pub(crate) fn require(wasm: &Path) {
    assert!(
        wasm.exists(),
        "{} is missing; run: cargo build --release --target wasm32-wasip2 -p host-fixture -p cron",
        wasm.display()
    );
}

/// Options for the fixture with its databases in `data`.
pub(crate) fn options(data: &Path) -> HostOptions {
    HostOptions::new(manifest()).data_dir(data).variable("key", "s3cret")
}

/// Starts the fixture as `change` wants it.
pub(crate) async fn start_with(change: impl FnOnce(HostOptions) -> HostOptions) -> Fixture {
    let data = tempfile::tempdir().expect("a folder");
    let host = change(options(data.path())).start().await.expect("the fixture starts");
    Fixture { host, client: Client::new(), data }
}

/// Starts the fixture as it is.
pub(crate) async fn start() -> Fixture {
    start_with(|options| options).await
}

impl Fixture {
    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.host.base_url())
    }

    /// GETs a path.
    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.expect("an answer")
    }

    /// GETs a path; status and body.
    pub(crate) async fn text(&self, path: &str) -> (u16, String) {
        read(self.get(path).await).await
    }

    /// GETs a path; the body, which must be JSON, of a 200.
    pub(crate) async fn json(&self, path: &str) -> serde_json::Value {
        let (status, body) = self.text(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).expect("JSON")
    }

    /// POSTs a body to a path; status and body of the answer.
    pub(crate) async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> (u16, String) {
        let sent = self.client.post(self.url(path)).body(body).send().await;
        read(sent.expect("an answer")).await
    }

    /// Runs statements on one new connection; the outcome of each.
    pub(crate) async fn sql(&self, statements: serde_json::Value) -> Vec<serde_json::Value> {
        let (status, body) = self.post("/sql", statements.to_string()).await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).expect("JSON")
    }
}

/// Status and body.
pub(crate) async fn read(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    (status, response.text().await.expect("a body"))
}
