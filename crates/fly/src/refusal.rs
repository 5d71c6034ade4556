use std::fmt;

use clawstead_transport::TransportError;
use http::StatusCode;
use http::header::RETRY_AFTER;
use serde::Deserialize;

use crate::redact::Redactor;

/// Fly allows one request a second for each action and machine (outside-contracts.md), so a second is what to wait
/// when an answer does not say.
const RETRY_AFTER_DEFAULT_MS: u64 = 1_000;

/// The one value of `main.statusCode` in the schema that says more than the HTTP status.
const CAPACITY_CODE: &str = "insufficient_capacity";

/// A call that surely had no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status; none when the request never left us.
    pub status: Option<u16>,
    /// What it means.
    pub kind: RefusalKind,
    /// What Fly said, cut short, without our token and the values of the environment. For people, not for decisions.
    pub message: String,
}

/// What a refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// 404: there is none. Nothing else means that.
    NotFound,
    /// 409: it is in use, or somebody else holds the lease.
    Conflict,
    /// 412: not in the state it must be in; a running machine, a volume that is still bound. May pass by itself.
    Precondition,
    /// 422: the request cannot be carried out as it is, for one thing because a name is taken.
    Unprocessable,
    /// No room in the region, by the `status` code of Fly's error body. For another region, or later.
    Capacity,
    /// 429: too many requests.
    RateLimited {
        /// How long to wait, in milliseconds.
        retry_after_ms: u64,
    },
    /// 401 or 403: the token is not good for this.
    Unauthorized,
    /// Any other 3xx or 4xx: the request is wrong.
    Invalid,
    /// The request never left us; sending it again is safe.
    NotSent(TransportError),
}

/// `ErrorResponse` of the schema.
#[derive(Default, Deserialize)]
struct ErrorBody {
    #[serde(default)]
    error: String,
    #[serde(default)]
    status: Option<String>,
}

impl Refusal {
    pub(crate) fn not_sent(error: TransportError) -> Self {
        Self { status: None, kind: RefusalKind::NotSent(error), message: error.to_string() }
    }

    /// Reads an answer that is no success; none if it does not say that nothing happened.
    pub(crate) fn read(response: &http::Response<Vec<u8>>, redactor: &Redactor<'_>) -> Option<Self> {
        let status = response.status();
        let body: Option<ErrorBody> = serde_json::from_slice(response.body()).ok();
        let code = body.as_ref().and_then(|body| body.status.as_deref());
        let kind = match status {
            // Fly's own word that no machine was placed outweighs a 5xx, which a proxy on the way may have made.
            _ if code == Some(CAPACITY_CODE) => RefusalKind::Capacity,
            _ if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => return None,
            StatusCode::NOT_FOUND => RefusalKind::NotFound,
            StatusCode::CONFLICT => RefusalKind::Conflict,
            StatusCode::PRECONDITION_FAILED => RefusalKind::Precondition,
            StatusCode::UNPROCESSABLE_ENTITY => RefusalKind::Unprocessable,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => RefusalKind::Unauthorized,
            StatusCode::TOO_MANY_REQUESTS => RefusalKind::RateLimited { retry_after_ms: retry_after_ms(response) },
            _ => RefusalKind::Invalid,
        };
        let said = match body {
            Some(body) if !body.error.is_empty() => body.error,
            _ => String::from_utf8_lossy(response.body()).into_owned(),
        };
        Some(Self { status: Some(status.as_u16()), kind, message: redactor.shorten(&said) })
    }
}

/// Only the form in seconds is read; a date would need a clock.
fn retry_after_ms(response: &http::Response<Vec<u8>>) -> u64 {
    let header = response.headers().get(RETRY_AFTER);
    header
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.trim().parse::<u64>().ok())
        .map_or(RETRY_AFTER_DEFAULT_MS, |seconds| seconds.saturating_mul(1_000))
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(formatter, "Fly refused with {status} ({:?}): {}", self.kind, self.message),
            None => write!(formatter, "nothing was sent to Fly: {}", self.message),
        }
    }
}
