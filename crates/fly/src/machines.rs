use clawstead_transport::{TotalTimeout, Transport, TransportError};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::de::DeserializeOwned;

use crate::call::{Call, encode};
use crate::redact::Redactor;
use crate::{ApiToken, Outcome, Refusal, Unknown};

/// The machines and volumes of one Fly app. Each call is made exactly once.
///
/// Rows keep their app (scheduler-fly.md F-6), so a reconciler has one of these for each app that it still knows.
#[derive(Debug, Clone)]
pub struct Machines<T> {
    transport: T,
    api_base: String,
    token: ApiToken,
    app: String,
}

impl<T> Machines<T> {
    /// The app `app`, reached through `transport` at `api_base`, such as `https://api.machines.dev/v1`.
    pub fn new(transport: T, api_base: &str, token: ApiToken, app: &str) -> Self {
        Self { transport, api_base: api_base.trim_end_matches('/').to_owned(), token, app: app.to_owned() }
    }

    /// Name of the app.
    pub fn app(&self) -> &str {
        &self.app
    }
}

impl<T: Transport> Machines<T> {
    /// Makes a call whose answer is JSON.
    pub(crate) async fn ask<R: DeserializeOwned>(&self, call: Call<'_>) -> Outcome<R> {
        self.exchange(call).await.and_then(|body| match serde_json::from_slice(&body) {
            Ok(result) => Outcome::Done(result),
            Err(_) => Outcome::Unknown(Unknown::Malformed),
        })
    }

    /// Makes a call whose answer does not matter.
    pub(crate) async fn tell(&self, call: Call<'_>) -> Outcome<()> {
        self.exchange(call).await.map(|_| ())
    }

    async fn exchange(&self, call: Call<'_>) -> Outcome<Vec<u8>> {
        let Some(request) = self.request(&call) else {
            return Outcome::Refused(Refusal::not_sent(TransportError::Denied));
        };
        let response = match self.transport.send(request).await {
            Ok(response) => response,
            Err(error) if error.effect_possible() => return Outcome::Unknown(Unknown::NoAnswer(error)),
            Err(error) => return Outcome::Refused(Refusal::not_sent(error)),
        };
        if response.status().is_success() {
            return Outcome::Done(response.into_body());
        }
        let redactor = Redactor::new(&self.token, call.secrets.iter().copied());
        match Refusal::read(&response, &redactor) {
            Some(refusal) => Outcome::Refused(refusal),
            None => Outcome::Unknown(Unknown::Status(response.status().as_u16())),
        }
    }

    /// None when the configured base is no URL.
    fn request(&self, call: &Call<'_>) -> Option<http::Request<Vec<u8>>> {
        let url = format!("{}/apps/{}{}", self.api_base, encode(&self.app), call.target());
        let mut request = http::Request::new(call.body.clone().unwrap_or_default());
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = url.parse().ok()?;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.token.authorization());
        if call.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(timeout) = call.timeout {
            request.extensions_mut().insert(TotalTimeout(timeout));
        }
        Some(request)
    }
}
