//! Whoever speaks to a host, and what was said, written down for the checker.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use reqwest::Method;
use serde_json::Value;

use super::process::Address;
use crate::history::{Exchange, History};
use crate::wire::Link;

/// An answer that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// The instant, ms since the epoch.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Heard {
    /// The HTTP status.
    pub status: u16,
    /// The body, if it is JSON.
    pub json: Value,
}

impl Heard {
    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// One party at one host.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    address: Address,
    history: History,
    link: Link,
    bearer: Option<String>,
}

impl Client {
    /// Speaks to the host at this address as this party.
    pub fn new(address: Address, history: History, link: Link, bearer: Option<&str>) -> Self {
        Self { http: reqwest::Client::new(), address, history, link, bearer: bearer.map(str::to_owned) }
    }

    /// `POST` of a JSON body; nothing when no answer came.
    pub async fn post(&self, path: &str, body: &Value) -> Option<Heard> {
        self.ask(Method::POST, path, None, body).await
    }

    /// Asks; nothing when no answer came.
    pub async fn ask(&self, method: Method, path: &str, key: Option<&str>, body: &Value) -> Option<Heard> {
        let sent = Bytes::from(body.to_string());
        let url = format!("{}{path}", self.address.base_url());
        let mut request = self.http.request(method.clone(), url).timeout(PATIENCE);
        if let Some(bearer) = &self.bearer {
            request = request.bearer_auth(bearer);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if method != Method::GET {
            request = request.header("content-type", "application/json").body(sent.clone());
        }
        let arrived_ms = now_ms();
        let answer = async {
            let response = request.send().await?;
            let status = response.status().as_u16();
            Ok::<_, reqwest::Error>((status, response.bytes().await?))
        };
        let answer = answer.await.ok();
        self.history.exchange(Exchange {
            arrived_ms,
            answered_ms: now_ms(),
            link: self.link,
            method: method.to_string(),
            path: path.to_owned(),
            key: key.map(str::to_owned),
            sent,
            status: answer.as_ref().map(|(status, _)| *status),
            answer: answer.as_ref().map(|(_, body)| body.clone()).unwrap_or_default(),
            heard: answer.is_some(),
        });
        let (status, body) = answer?;
        Some(Heard { status, json: serde_json::from_slice(&body).unwrap_or_default() })
    }
}
