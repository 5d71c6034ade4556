//! HTTP requests that leave the application.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// A request's or response's body. It may still be on its way.
pub type Body = wasmtime_wasi_http::WasiBody;

/// What can go wrong with a request; a guest sees it as the `error-code` of `wasi:http` of the same
/// name.
pub type OutboundError = wasmtime_wasi_http::Error;

/// A response that is to come, or the reason why there is none.
pub type Sending = Pin<Box<dyn Future<Output = Result<http::Response<Body>, OutboundError>> + Send>>;

/// A request that a component makes, and is allowed to make.
#[derive(Debug)]
pub struct OutboundRequest {
    /// The component's id.
    pub component: Arc<str>,
    /// The request. Its URI is absolute, and it has no `host` header.
    pub request: http::Request<Body>,
    /// How long the guest is willing to wait.
    pub timeouts: Timeouts,
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection. By default 5 s.
    pub connect: Duration,
    /// For the head of the response, from the start. By default 30 s.
    pub first_byte: Duration,
    /// For each further piece of the body. By default 30 s.
    pub between_bytes: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), first_byte: Duration::from_secs(30), between_bytes: Duration::from_secs(30) }
    }
}

impl From<wasmtime_wasi_http::RequestOptions> for Timeouts {
    fn from(options: wasmtime_wasi_http::RequestOptions) -> Self {
        let default = Self::default();
        Self {
            connect: options.connect_timeout.unwrap_or(default.connect),
            first_byte: options.first_byte_timeout.unwrap_or(default.first_byte),
            between_bytes: options.between_bytes_timeout.unwrap_or(default.between_bytes),
        }
    }
}

/// What takes components' requests to the world outside. A test or a simulation passes its own,
/// and may hand some of them on to [`Internet`](crate::Internet).
///
/// Requests from component to component do not come here.
pub trait Outbound: Send + Sync + 'static {
    /// Sends one request.
    ///
    /// # Errors
    /// The future gives the error that the guest is to see.
    fn send(&self, request: OutboundRequest) -> Sending;
}

/// A body of these bytes.
pub fn body(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// A body of nothing.
#[must_use]
pub fn empty_body() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// All of a body.
///
/// # Errors
/// The body ended early.
pub async fn collect(body: Body) -> Result<Bytes, OutboundError> {
    Ok(body.collect().await?.to_bytes())
}
