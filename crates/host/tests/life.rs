//! Starting, stopping, restarting, and several hosts at once.

mod common;

use clawstead_host::HostOptions;
use common::{manifest, options, start};
use reqwest::Client;
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_restart_keeps_the_data() {
    let data = tempfile::tempdir().expect("a folder");
    for round in 1..=3 {
        let host = options(data.path()).start().await.expect("starts");
        let url = host.base_url();
        let client = Client::new();
        client.get(format!("{url}/insert")).send().await.expect("an answer");
        let query = r#"[["SELECT count(*) FROM entry"]]"#;
        let answer = client.post(format!("{url}/sql")).body(query).send().await.expect("an answer");
        let body = answer.text().await.expect("a body");
        assert!(body.contains(&format!("\"rows\":[[{round}]]")), "{body}");
        host.stop().await;
    }
}

#[tokio::test]
async fn stopping_lets_a_request_finish_and_takes_no_more() {
    let fixture = start().await;
    let addr = fixture.host.addr();
    let slow = {
        let request = fixture.client.get(fixture.url("/sleep?700"));
        tokio::spawn(async move { request.send().await.map(|answer| answer.status()) })
    };
    let later = fixture.client.get(fixture.url("/later?written")).send().await.expect("an answer");
    assert_eq!(later.status(), 202);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let asked = Instant::now();
    fixture.host.stop().await;
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    assert_eq!(slow.await.expect("joined").expect("an answer"), 200);
    assert!(TcpStream::connect(addr).is_err(), "nobody listens");

    let database = rusqlite::Connection::open(fixture.data.path().join("default.db")).expect("opened");
    let word: String = database.query_row("SELECT word FROM later", [], |row| row.get(0)).expect("a row");
    assert_eq!(word, "written", "what a guest does after its response was let finish");
}

#[tokio::test]
async fn stopping_does_not_wait_for_ever() {
    let fixture = start().await;
    let request = fixture.client.get(fixture.url("/sleep?60000"));
    let hanging = tokio::spawn(async move { request.send().await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let asked = Instant::now();
    fixture.host.stop().await;
    assert!(asked.elapsed() < Duration::from_secs(8), "{:?}", asked.elapsed());
    hanging.abort();
}

#[tokio::test]
async fn a_dropped_host_does_not_listen() {
    let fixture = start().await;
    let addr = fixture.host.addr();
    assert_eq!(fixture.text("/empty").await.0, 200);
    drop(fixture);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(TcpStream::connect(addr).is_err());
}

#[tokio::test]
async fn hosts_do_not_see_each_other() {
    let (one, two) = tokio::join!(start(), start());
    assert_ne!(one.host.addr(), two.host.addr());
    one.text("/insert").await;
    one.text("/insert").await;
    two.text("/insert").await;
    let query = serde_json::json!([["SELECT count(*) FROM entry"]]);
    assert_eq!(one.sql(query.clone()).await[0]["rows"][0][0], 2);
    assert_eq!(two.sql(query.clone()).await[0]["rows"][0][0], 1);
    one.host.stop().await;
    assert_eq!(two.sql(query).await[0]["rows"][0][0], 1);
}

#[tokio::test]
async fn the_second_start_finds_its_code_compiled() {
    let data = tempfile::tempdir().expect("a folder");
    let cache = data.path().join("cache");
    let begin = || options(data.path()).cache_dir(&cache).start();
    let cold = Instant::now();
    begin().await.expect("starts").stop().await;
    let cold = cold.elapsed();
    // The cache writes on a thread of its own.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let warm = Instant::now();
    let host = begin().await.expect("starts");
    let warm = warm.elapsed();
    assert!(warm < Duration::from_millis(300), "cold {cold:?}, warm {warm:?}");
    host.stop().await;
}

#[tokio::test]
async fn what_keeps_a_host_from_starting_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let wasm = manifest().with_file_name("../../../target/wasm32-wasip2/release/host_fixture.wasm");
    let good = format!(
        "spin_manifest_version = 2\n[application]\nname = \"a\"\n\
         [[trigger.http]]\nroute = \"/...\"\ncomponent = \"web\"\n\
         [component.web]\nsource = {wasm:?}\nallowed_outbound_hosts = []\n"
    );
    for (from, to, named) in [
        ("sourc", "sauc", "sauce"),
        ("host_fixture.wasm", "nobody.wasm", "nobody.wasm"),
        ("hosts = []", "hosts = [\"nowhere\"]", "nowhere"),
        ("hosts = []", "hosts = [\"https://{{ host }}\"]", "host"),
        ("[[trigger.http]]\nroute = \"/...\"", "[[trigger.cron]]\ncron_expression = \"* * * * *\"", "five"),
        ("[[trigger.http]]\nroute = \"/...\"", "[[trigger.cron]]\ncron_expression = \"* * * * * *\"", "handle-cron-event"),
    ] {
        let path = folder.path().join("spin.toml");
        std::fs::write(&path, good.replace(from, to)).expect("written");
        let error = HostOptions::new(&path).start().await.err().expect(to).to_string();
        let named = if named == "five" { "5 fields" } else { named };
        assert!(error.contains(named), "{to}: {error}");
    }
    let missing = HostOptions::new(folder.path().join("none.toml")).start().await;
    assert!(missing.err().expect("no file").to_string().contains("none.toml"));
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let first = start().await;
    let data = tempfile::tempdir().expect("a folder");
    let second = options(data.path()).listen(first.host.addr()).start().await;
    let error = second.err().expect("the port is taken").to_string();
    assert!(error.contains(&first.host.addr().to_string()), "{error}");
}
