//! Routing, and what a component is told about its request.

mod common;

use common::start;
use std::collections::BTreeMap;

/// What the fixture saw of a request.
async fn seen(path: &str) -> (String, BTreeMap<String, String>) {
    let fixture = start().await;
    let seen = fixture.json(path).await;
    let headers: Vec<(String, String)> = serde_json::from_value(seen["headers"].clone()).expect("headers");
    let uri = seen["uri"].as_str().expect("a URI").replace(&fixture.host.addr().to_string(), "ADDR");
    let headers =
        headers.into_iter().map(|(name, value)| (name, value.replace(&fixture.host.addr().to_string(), "ADDR"))).collect();
    (uri, headers)
}

#[tokio::test]
async fn a_wildcard_route_tells_what_it_stood_for() {
    let (uri, headers) = seen("/any/thing/?q=1&r=%20").await;
    assert_eq!(uri, "http://ADDR/any/thing/?q=1&r=%20");
    for (name, value) in [
        ("spin-path-info", "/any/thing/"),
        ("spin-full-url", "http://ADDR/any/thing/?q=1&r=%20"),
        ("spin-matched-route", "/..."),
        ("spin-component-route", ""),
        ("spin-raw-component-route", "/..."),
        ("spin-base-path", "/"),
    ] {
        assert_eq!(headers.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(headers["spin-client-addr"].starts_with("127.0.0.1:"));
    assert!(!headers.contains_key("host"), "wasi:http tells the host by the authority");
}

#[tokio::test]
async fn parameters_are_headers() {
    let (_, headers) = seen("/users/42/posts/7").await;
    assert_eq!(headers["spin-path-match-user-id"], "42");
    assert_eq!(headers["spin-path-info"], "/posts/7");
    assert_eq!(headers["spin-matched-route"], "/users/:user_id/...");
    assert_eq!(headers["spin-component-route"], "/users/:user_id");
}

#[tokio::test]
async fn an_exact_route_wins_with_and_without_its_slash() {
    for path in ["/exact", "/exact/"] {
        let (_, headers) = seen(path).await;
        assert_eq!(headers["spin-matched-route"], "/exact", "{path}");
        assert_eq!(headers["spin-path-info"], "", "{path}");
    }
}

#[tokio::test]
async fn clients_cannot_set_what_the_host_tells() {
    let fixture = start().await;
    let request = fixture.client.get(fixture.url("/x")).header("spin-client-addr", "1.2.3.4:5");
    let body = request.send().await.expect("an answer").text().await.expect("a body");
    assert!(!body.contains("1.2.3.4"), "{body}");
}

#[tokio::test]
async fn the_host_answers_for_itself() {
    let fixture = start().await;
    assert_eq!(fixture.text("/.well-known/spin/health").await, (200, "OK".to_owned()));
    let (status, body) = fixture.text("/.well-known/spin/other").await;
    assert_eq!(status, 404);
    assert!(body.contains("route_not_found"), "{body}");
}

#[tokio::test]
async fn a_private_component_has_no_route() {
    let fixture = start().await;
    let request = fixture.client.get(fixture.url("/x")).header("host", "hidden.spin.internal");
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 400);
}

#[tokio::test]
async fn an_unknown_path_is_a_problem() {
    let fixture = common::start_with(|options| options).await;
    let answer = fixture.get("/bare/../nowhere").await;
    // The client normalises the path, which the catch-all route then takes.
    assert_eq!(answer.status(), 200);
    drop(fixture);

    let data = tempfile::tempdir().expect("a folder");
    let manifest = data.path().join("spin.toml");
    let text = std::fs::read_to_string(common::manifest()).expect("the manifest");
    let wasm = common::manifest().with_file_name("../../../target/wasm32-wasip2/release");
    let text = text.replace("../../../target/wasm32-wasip2/release", &wasm.display().to_string());
    std::fs::write(&manifest, text.replace("route = \"/...\"", "route = \"/only\"")).expect("written");
    let host = clawstead_host::HostOptions::new(&manifest).variable("key", "k").start().await.expect("starts");
    let answer = reqwest::get(format!("{}/nowhere", host.base_url())).await.expect("an answer");
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem: serde_json::Value = serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON");
    assert_eq!(problem["code"], "route_not_found");
    assert_eq!(problem["status"], 404);
    assert!(data.path().join(".spin").is_dir(), "the default folder is beside the manifest");
}
