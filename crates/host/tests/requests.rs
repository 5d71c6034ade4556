//! Bodies, their limits, and connections.

mod common;

use common::{read, start, start_with};
use futures::stream;

#[tokio::test]
async fn large_bodies_go_through_both_ways() {
    let fixture = start().await;
    let body: Vec<u8> = (0..4_u32 << 20).map(|n| (n % 251) as u8).collect();
    let sent = fixture.client.post(fixture.url("/body")).body(body.clone()).send().await;
    let returned = sent.expect("an answer").bytes().await.expect("a body");
    assert!(returned == body, "{} bytes came back", returned.len());
    let (status, blob) = fixture.text("/blob?8388608").await;
    assert_eq!((status, blob.len()), (200, 8 << 20));
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_refused_at_once() {
    let fixture = start_with(|options| options.max_request_bytes(1000)).await;
    let (status, body) = fixture.post("/drain", vec![0; 1001]).await;
    assert_eq!(status, 413);
    assert!(body.contains("\"code\":\"body_too_large\""), "{body}");
    assert_eq!(fixture.post("/drain", vec![0; 1000]).await, (200, "1000".to_owned()));
}

#[tokio::test]
async fn a_body_of_unknown_length_is_refused_when_it_becomes_too_large() {
    let fixture = start_with(|options| options.max_request_bytes(1000)).await;
    let chunks = |count| {
        let chunks = (0..count).map(|_| Ok::<_, std::io::Error>(vec![0_u8; 100]));
        reqwest::Body::wrap_stream(stream::iter(chunks))
    };
    assert_eq!(fixture.post("/drain", chunks(10)).await, (200, "1000".to_owned()));
    let (status, body) = fixture.post("/drain", chunks(11)).await;
    assert_eq!(status, 413, "{body}");
    assert!(body.contains("body_too_large"), "{body}");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let fixture = start().await;
    let request = fixture.client.get(fixture.url("/empty")).header("x-long", "x".repeat(400_000));
    assert_eq!(request.send().await.expect("an answer").status(), 431);
}

#[tokio::test]
async fn methods_and_headers_arrive() {
    let fixture = start().await;
    let request = fixture
        .client
        .request(reqwest::Method::PATCH, fixture.url("/x"))
        .header("authorization", "Bearer token")
        .header("x-twice", "1")
        .header("x-twice", "2");
    let (status, seen) = read(request.send().await.expect("an answer")).await;
    assert_eq!(status, 200);
    for part in ["\"PATCH\"", r#"["authorization","Bearer token"]"#, r#"["x-twice","1"],["x-twice","2"]"#] {
        assert!(seen.contains(part), "{part}: {seen}");
    }
}

#[tokio::test]
async fn requests_can_be_made_without_a_socket() {
    let fixture = start().await;
    let request = http::Request::get("http://app.example/any?x=1").body(clawstead_host::empty_body()).expect("a request");
    let response = fixture.host.request(request).await;
    assert_eq!(response.status(), 200);
    let body = clawstead_host::collect(response.into_body()).await.expect("a body");
    let seen = String::from_utf8_lossy(&body);
    assert!(seen.contains("http://app.example/any?x=1"), "{seen}");
}
