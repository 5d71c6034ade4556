//! Says back what the guest sees: the request, variables, time, dice.

use crate::{Reply, text};
use bytes::Bytes;
use futures::{SinkExt, StreamExt, channel::mpsc};
use http_body_util::{BodyExt, StreamBody};
use serde_json::json;
use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::http::{Request, Response, StatusCode, box_body};
use std::collections::HashMap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

pub(crate) fn request(request: &Request) -> Reply {
    let mut headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect();
    headers.sort();
    let seen = json!({
        "method": request.method().as_str(),
        "uri": request.uri().to_string(),
        "headers": headers,
    });
    text(StatusCode::OK, seen.to_string())
}

/// Sends the request's body back, chunk by chunk, as it comes.
pub(crate) async fn body(request: Request) -> Reply {
    let (mut sender, receiver) = mpsc::channel::<Result<_, std::convert::Infallible>>(4);
    let mut chunks = request.into_body().stream();
    spin_sdk::wit_bindgen::spawn(async move {
        while let Some(Ok(chunk)) = chunks.next().await {
            let frame = http_body::Frame::data(chunk);
            if sender.send(Ok(frame)).await.is_err() {
                return;
            }
        }
    });
    Response::new(box_body(StreamBody::new(receiver)))
}

/// Reads the whole body and says how long it was, or how reading it ended.
pub(crate) async fn drain(request: Request) -> Reply {
    let mut chunks = request.into_body().stream();
    let mut length = 0;
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(chunk) => length += chunk.len(),
            Err(error) => return text(StatusCode::BAD_REQUEST, format!("{error:?}")),
        }
    }
    text(StatusCode::OK, length.to_string())
}

/// A body of as many bytes as the query says.
pub(crate) fn blob(query: &str) -> Reply {
    let length = query.parse().unwrap_or(0);
    let body = http_body_util::Full::new(Bytes::from(vec![b'x'; length]));
    Response::new(box_body(body.map_err(|never| match never {})))
}

pub(crate) async fn variable(name: &str) -> Reply {
    match spin_sdk::variables::get(name).await {
        Ok(value) => text(StatusCode::OK, value),
        Err(error) => text(StatusCode::NOT_FOUND, format!("{error:?}")),
    }
}

pub(crate) fn environment(name: &str) -> Reply {
    match std::env::var(name) {
        Ok(value) => text(StatusCode::OK, value),
        Err(_) => text(StatusCode::NOT_FOUND, ""),
    }
}

/// Wall clock in milliseconds since the epoch, by both generations of WASI.
pub(crate) fn time() -> Reply {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let instant = spin_sdk::wasip3::clocks::system_clock::now();
    let steady = Instant::now();
    let seen = json!({
        "wall_ms": wall as u64,
        "system_s": instant.seconds,
        "monotonic_ns": spin_sdk::wasip3::clocks::monotonic_clock::now(),
        "elapsed_ns": steady.elapsed().as_nanos() as u64,
    });
    text(StatusCode::OK, seen.to_string())
}

/// Eight bytes from the dice, and the order of a hash map, which depends on its seed.
pub(crate) fn random() -> Reply {
    let bytes = spin_sdk::wasip3::random::random::get_random_bytes(8);
    let map: HashMap<u32, ()> = (0..16).map(|number| (number, ())).collect();
    let order: Vec<u32> = map.into_keys().collect();
    text(StatusCode::OK, json!({ "bytes": bytes, "order": order }).to_string())
}
