//! One delivery, signed as Standard Webhooks has it (standardwebhooks.com, version 1).

use clawstead_domain::subscription::Answer;
use clawstead_transport::Transport;
use clawstead_vault::webhook_signature;
use http::header::CONTENT_TYPE;
use http::{Method, Request, StatusCode};
use serde_json::json;

use crate::app_events::AppEvent;

/// What was heard of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    Taken,
    Gone,
    Failed(String),
}

impl Heard {
    pub(super) fn answer(&self) -> Answer<'_> {
        match self {
            Self::Taken => Answer::Taken,
            Self::Gone => Answer::Gone,
            Self::Failed(reason) => Answer::Failed(reason),
        }
    }
}

/// Sends events to an address. `webhook-id` is the same however often they are sent, so that whoever gets them can tell.
pub(super) async fn post<T: Transport>(
    transport: &T,
    url: &str,
    secret: &str,
    id: &str,
    subscription_id: &str,
    events: &[AppEvent],
    now: i64,
) -> Heard {
    let body = json!({ "subscription_id": subscription_id, "events": events }).to_string().into_bytes();
    let timestamp = now / 1_000;
    let Some(signature) = webhook_signature(secret, id, timestamp, &body) else {
        return Heard::Failed("the secret cannot be read".to_owned());
    };
    let request = Request::builder()
        .method(Method::POST)
        .uri(url)
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp.to_string())
        .header("webhook-signature", signature)
        .body(body);
    let Ok(request) = request else { return Heard::Failed("the address cannot be used".to_owned()) };
    match transport.send(request).await {
        Ok(response) if response.status().is_success() => Heard::Taken,
        Ok(response) if response.status() == StatusCode::GONE => Heard::Gone,
        Ok(response) => Heard::Failed(format!("answered {}", response.status().as_u16())),
        Err(error) => Heard::Failed(error.to_string()),
    }
}
