use std::rc::Rc;

use clawstead_transport::{TotalTimeout, Transport, TransportError};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::de::DeserializeOwned;

use crate::call::Call;
use crate::redact::Redactor;
use crate::{ApiToken, Outcome, Pace, Refusal, Unknown};

/// One part of the API, such as an app or an organization, and how its calls are made.
#[derive(Debug, Clone)]
pub(crate) struct Api<T> {
    transport: T,
    /// Base and part, without a slash at the end.
    base: String,
    token: ApiToken,
    pace: Option<Rc<Pace>>,
}

impl<T> Api<T> {
    pub(crate) fn new(transport: T, base: String, token: ApiToken) -> Self {
        Self { transport, base, token, pace: None }
    }

    pub(crate) fn set_pace(&mut self, pace: Rc<Pace>) {
        self.pace = Some(pace);
    }
}

impl<T: Transport> Api<T> {
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

    /// Once, or within the limits and the budget of a pace.
    async fn exchange(&self, call: Call<'_>) -> Outcome<Vec<u8>> {
        match &self.pace {
            None => self.send(&call).await,
            Some(pace) => pace.keep(&call, &self.base, async || self.send(&call).await).await,
        }
    }

    async fn send(&self, call: &Call<'_>) -> Outcome<Vec<u8>> {
        let Some(request) = self.request(call) else {
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

    /// None when the configured base is no URL, or a header cannot be one.
    fn request(&self, call: &Call<'_>) -> Option<http::Request<Vec<u8>>> {
        let url = format!("{}{}", self.base, call.target());
        let mut request = http::Request::new(call.body.clone().unwrap_or_default());
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = url.parse().ok()?;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.token.authorization());
        if call.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some((name, value)) = call.header {
            let mut value = HeaderValue::from_str(value).ok()?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        if let Some(timeout) = call.timeout {
            request.extensions_mut().insert(TotalTimeout(timeout));
        }
        Some(request)
    }
}
