//! Calls out of a component: allow-list, hook, other components, the real network.

mod common;

use clawstead_host::{Outbound, OutboundError, OutboundRequest, Sending, body, collect};
use common::{start, start_with};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Answers every request with what it was.
#[derive(Default)]
struct Hook {
    seen: Arc<Mutex<Vec<String>>>,
}

impl Outbound for Hook {
    fn send(&self, outbound: OutboundRequest) -> Sending {
        let seen = Arc::clone(&self.seen);
        Box::pin(async move {
            let OutboundRequest { component, request, .. } = outbound;
            let (parts, sent) = request.into_parts();
            let sent = collect(sent).await?;
            let line = format!("{component} {} {} {}", parts.method, parts.uri, sent.len());
            assert!(!parts.headers.contains_key("host"));
            seen.lock().expect("the hook's lock").push(line.clone());
            match parts.uri.path() {
                "/refused" => Err(OutboundError::ConnectionRefused),
                _ => Ok(http::Response::builder().status(201).body(body(line)).expect("a response")),
            }
        })
    }
}

#[tokio::test]
async fn what_is_not_listed_is_denied() {
    let hook = Arc::new(Hook::default());
    let fixture = start_with(|options| options.outbound(hook.clone())).await;
    for (url, allowed) in [
        ("https://api.example.com/v1?a=b", true),
        ("https://API.example.com:443/v1", true),
        ("http://api.example.com/v1", false),
        ("https://api.example.com:8443/v1", false),
        ("https://deep.sub.wild.example/", true),
        ("https://wild.example/", false),
        ("http://127.0.0.1:2/", false),
        ("http://127.0.0.1:1/", true),
    ] {
        let (status, answer) = fixture.text(&format!("/fetch?{url}")).await;
        if allowed {
            assert_eq!(status, 201, "{url}: {answer}");
        } else {
            let expected = (502, "ErrorCode::HttpRequestDenied".to_owned());
            assert_eq!((status, answer), expected, "{url}");
        }
    }
    let (_, answer) = fixture.text("/bare/fetch?https://api.example.com/v1").await;
    assert_eq!(answer, "ErrorCode::HttpRequestDenied");
    assert_eq!(hook.seen.lock().expect("the hook's lock").len(), 4);
}

#[tokio::test]
async fn the_hook_sees_the_request_and_makes_the_answer() {
    let hook = Arc::new(Hook::default());
    let fixture = start_with(|options| options.outbound(hook.clone())).await;
    let path = "/relay?https://api.example.com/deep/path?q=1";
    let (status, answer) = fixture.post(path, vec![7; 100_000]).await;
    assert_eq!(status, 201);
    assert_eq!(answer, "main POST https://api.example.com/deep/path?q=1 100000");
    let (status, answer) = fixture.text("/fetch?https://api.example.com/refused").await;
    assert_eq!((status, answer.as_str()), (502, "ErrorCode::ConnectionRefused"));
}

#[tokio::test]
async fn components_call_each_other_by_name() {
    let fixture = start().await;
    for callee in ["bare", "hidden"] {
        let url = format!("/fetch?http://{callee}.spin.internal/some/path");
        let seen = fixture.json(&url).await.to_string();
        assert!(seen.contains(&format!("http://{callee}.spin.internal/some/path")), "{seen}");
        assert!(seen.contains(r#"["spin-path-info","/some/path"]"#), "{seen}");
        assert!(seen.contains(r#"["spin-client-addr","0.0.0.0:0"]"#), "{seen}");
    }
    let (_, answer) = fixture.text("/fetch?http://main.spin.internal/empty").await;
    assert_eq!(answer, "ErrorCode::HttpRequestDenied", "it is not in the list");
    let (_, answer) = fixture.text("/bare/fetch?http://hidden.spin.internal/empty").await;
    assert_eq!(answer, "ErrorCode::HttpRequestDenied");
}

#[tokio::test]
async fn a_body_goes_from_component_to_component() {
    let fixture = start().await;
    let (status, length) = fixture.post("/relay?http://bare.spin.internal/drain", vec![1; 1 << 20]).await;
    assert_eq!((status, length), (200, (1 << 20).to_string()));
}

#[tokio::test]
async fn the_application_can_call_itself() {
    let fixture = start().await;
    let seen = fixture.json("/fetch?http://self.alt/users/7/x").await.to_string();
    assert!(seen.contains(r#"["spin-path-match-user-id","7"]"#), "{seen}");
    let (_, answer) = fixture.text("/bare/fetch?http://self.alt/empty").await;
    assert_eq!(answer, "ErrorCode::HttpRequestDenied");
}

/// A server that counts its connections and says so in each answer.
async fn counting_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        for connection in 1.. {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            tokio::spawn(async move {
                let mut request = vec![0; 4096];
                while stream.read(&mut request).await.is_ok_and(|length| length > 0) {
                    let body = format!("connection {connection}");
                    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                    if stream.write_all(format!("{head}{body}").as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    origin
}

#[tokio::test]
async fn real_connections_are_kept() {
    let origin = counting_server().await;
    let fixture = start_with(|options| options.variable("callee", &origin)).await;
    for _ in 0..3 {
        let (status, answer) = fixture.text(&format!("/fetch?{origin}/x")).await;
        assert_eq!((status, answer.as_str()), (200, "connection 1"));
    }
}

#[tokio::test]
async fn trouble_on_the_real_network_has_its_code() {
    let fixture = start().await;
    let (status, answer) = fixture.text("/fetch?http://127.0.0.1:1/").await;
    assert_eq!((status, answer.as_str()), (502, "ErrorCode::ConnectionRefused"));
    drop(fixture);

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(stream);
        }
    });
    let fixture = start_with(|options| options.variable("callee", &origin)).await;
    let asked = Instant::now();
    let (status, answer) = fixture.text(&format!("/fetch?{origin}/")).await;
    assert_eq!((status, answer.as_str()), (502, "ErrorCode::ConnectionTerminated"));
    assert!(asked.elapsed() < Duration::from_secs(3));
}
