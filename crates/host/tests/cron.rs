//! The cron component that ships, on the host.

mod common;

use clawstead_host::{Host, HostOptions, Outbound, OutboundRequest, Sending, empty_body};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Notes each tick that reaches it, and answers with a status.
struct TickRoute {
    status: u16,
    ticks: Arc<Mutex<Vec<String>>>,
}

impl Outbound for TickRoute {
    fn send(&self, outbound: OutboundRequest) -> Sending {
        let request = &outbound.request;
        let key = request.headers()["authorization"].to_str().unwrap_or_default();
        let tick = format!("{} {} {key}", request.method(), request.uri());
        self.ticks.lock().expect("the ticks' lock").push(tick);
        let answer = http::Response::builder().status(self.status).body(empty_body());
        Box::pin(async move { Ok(answer.expect("a response")) })
    }
}

async fn start(status: u16) -> (Host, Arc<Mutex<Vec<String>>>, tempfile::TempDir) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    common::require(&root.join("target/wasm32-wasip2/release/cron.wasm"));
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = folder.path().join("spin-cron.toml");
    let text = std::fs::read_to_string(root.join("spin-cron.toml")).expect("the manifest");
    let text =
        text.replace("\"*/10 * * * * *\"", "\"* * * * * *\"").replace("\"target/", &format!("\"{}/target/", root.display()));
    std::fs::write(&manifest, text).expect("written");
    let ticks = Arc::new(Mutex::new(Vec::new()));
    let route = TickRoute { status, ticks: Arc::clone(&ticks) };
    let host = HostOptions::new(&manifest)
        .variable("tick_key", "k3y")
        .outbound(Arc::new(route))
        .start()
        .await
        .expect("the cron component starts");
    (host, ticks, folder)
}

#[tokio::test]
async fn the_tick_route_is_called_with_the_key() {
    let (host, ticks, _folder) = start(204).await;
    let asked = Instant::now();
    while ticks.lock().expect("the ticks' lock").len() < 2 {
        assert!(asked.elapsed() < Duration::from_secs(5), "no ticks");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    host.stop().await;
    let ticks = ticks.lock().expect("the ticks' lock");
    assert_eq!(ticks[0], "POST http://127.0.0.1:3000/internal/tick Bearer k3y");
    assert_eq!(ticks.len(), 2, "one a second");
}

#[tokio::test]
async fn a_tick_that_fails_does_not_stop_the_next() {
    let (host, ticks, _folder) = start(503).await;
    let asked = Instant::now();
    while ticks.lock().expect("the ticks' lock").len() < 2 {
        assert!(asked.elapsed() < Duration::from_secs(5), "no ticks");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(host);
}
