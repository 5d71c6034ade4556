//! The suite on Spin's SQLite, as the component that ships it sees it.

use std::path::Path;

use clawstead_host::HostOptions;
use clawstead_ledger::engines::native::NativeEngine;
use ledger_conformance::{Report, cases};

#[tokio::test(flavor = "multi_thread")]
async fn every_case_passes() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let wasm = here.join("../../target/wasm32-wasip2/release/ledger_conformance.wasm");
    let build = "cargo build --release --target wasm32-wasip2 -p ledger-conformance";
    assert!(wasm.exists(), "{} is missing; run: {build}", wasm.display());
    let data = tempfile::tempdir().unwrap();
    let host = HostOptions::new(here.join("spin.toml")).data_dir(data.path()).start().await.unwrap();
    let mut failed = Vec::new();
    for case in cases::<NativeEngine>() {
        let answer = reqwest::get(format!("{}/{}", host.base_url(), case.name)).await.unwrap().text().await.unwrap();
        match serde_json::from_str::<Vec<Report>>(&answer).as_deref() {
            Ok([Report { failure: None, .. }]) => {}
            _ => failed.push((case.name, answer)),
        }
    }
    host.stop().await;
    assert!(failed.is_empty(), "{} failed: {failed:#?}", failed.len());
}
