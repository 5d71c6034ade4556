//! The envelope that every answer of the Bot API comes in, and what its status means.

use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{BotToken, TelegramError};

/// Enough for every description that Telegram is known to send; it ends up in logs and events.
const DESCRIPTION_CHARS_MAX: usize = 300;

/// Telegram always says how long to wait; should it not, this keeps a caller from hammering.
const RETRY_AFTER_DEFAULT_MS: u64 = 1_000;

#[derive(Deserialize)]
struct Envelope<R> {
    ok: bool,
    result: Option<R>,
    error_code: Option<u16>,
    description: Option<String>,
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    /// In seconds.
    retry_after: Option<u64>,
}

pub(crate) fn read<R: DeserializeOwned>(response: &http::Response<Vec<u8>>, token: &BotToken) -> Result<R, TelegramError> {
    let status = response.status();
    let malformed = TelegramError::Malformed { status: status.as_u16() };
    if status.is_success() {
        let envelope: Envelope<R> = serde_json::from_slice(response.body()).map_err(|_| malformed.clone())?;
        return match (envelope.ok, envelope.result, envelope.error_code) {
            (true, Some(result), _) => Ok(result),
            (false, _, Some(code)) => Err(refusal(code, envelope.description, envelope.parameters, token)),
            _ => Err(malformed),
        };
    }
    if !status.is_client_error() && !status.is_server_error() {
        return Err(malformed);
    }
    // A proxy on the way may answer with anything; the status still says what to do.
    let envelope = serde_json::from_slice::<Envelope<serde::de::IgnoredAny>>(response.body()).ok();
    let (description, parameters) = envelope.map_or((None, None), |said| (said.description, said.parameters));
    Err(refusal(status.as_u16(), description, parameters, token))
}

fn refusal(code: u16, description: Option<String>, parameters: Option<Parameters>, token: &BotToken) -> TelegramError {
    let description = || shorten(&token.redact(&description.unwrap_or_default()));
    match StatusCode::from_u16(code) {
        Ok(StatusCode::UNAUTHORIZED) => TelegramError::Unauthorized,
        Ok(StatusCode::FORBIDDEN) => TelegramError::Forbidden(description()),
        Ok(StatusCode::NOT_FOUND) => TelegramError::NotFound,
        Ok(StatusCode::TOO_MANY_REQUESTS) => TelegramError::RetryAfter {
            retry_after_ms: parameters
                .and_then(|parameters| parameters.retry_after)
                .map_or(RETRY_AFTER_DEFAULT_MS, |seconds| seconds.saturating_mul(1_000)),
        },
        Ok(status) if status.is_client_error() => TelegramError::BadRequest(description()),
        _ => TelegramError::Unavailable { status: code },
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(DESCRIPTION_CHARS_MAX).collect()
}
