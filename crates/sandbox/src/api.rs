//! A client of clawstead's HTTP interface.

use anyhow::{Result, bail};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

/// clawstead at one address, spoken to with one key.
#[derive(Clone)]
pub struct Api {
    client: Client,
    base_url: String,
    key: Option<String>,
}

/// One response, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header `Content-Type`, empty when it is missing.
    pub content_type: String,
    /// The body, if it is JSON; `null` otherwise.
    pub json: Value,
    /// The body as it came.
    pub text: String,
}

impl Api {
    /// A client that sends `Authorization: Bearer <key>` with every request.
    pub fn new(base_url: impl Into<String>, key: impl Into<String>) -> Self {
        Self { client: Client::new(), base_url: base_url.into(), key: Some(key.into()) }
    }

    /// The same address, without a key.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        Self { key: None, ..self.clone() }
    }

    /// The same address, with another key.
    #[must_use]
    pub fn with_key(&self, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..self.clone() }
    }

    /// Where clawstead is, without a trailing slash.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// A request that the caller finishes; `path` begins with a slash.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base_url));
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    /// Sends a request and reads its response.
    pub async fn send(&self, request: RequestBuilder) -> Result<Answer> {
        Answer::read(request.send().await?).await
    }

    /// `GET path`.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send(self.request(Method::GET, path)).await
    }

    /// `POST path` with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// `PUT path` with a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Answer> {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// `DELETE path`.
    pub async fn delete(&self, path: &str) -> Result<Answer> {
        self.send(self.request(Method::DELETE, path)).await
    }
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> Result<Self> {
        let status = response.status().as_u16();
        let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        let text = response.text().await?;
        let json = serde_json::from_str(&text).unwrap_or_default();
        Ok(Self { status, content_type, json, text })
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body of a success; a refusal becomes an error with its status and text.
    pub fn success(self) -> Result<Value> {
        if !self.is_success() {
            bail!("status {}: {}", self.status, self.text);
        }
        Ok(self.json)
    }
}
