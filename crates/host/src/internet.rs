//! The real network: pooled connections, TLS with the web's usual roots.

use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::error::Error as _;
use std::io::ErrorKind;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, timeout};

use crate::outbound::{Body, Outbound, OutboundError, OutboundRequest, Sending, Timeouts};

/// How long an unused connection is kept.
const IDLE_MAX: Duration = Duration::from_secs(30);

/// Sends requests over HTTP/1.1, with or without TLS, and keeps connections for later ones.
///
/// A connection must be made within 5 s, or within the guest's shorter limit for the first byte.
/// Connections belong to the Tokio runtime that made them, so each host has its own.
pub struct Internet {
    client: Client<HttpsConnector<HttpConnector>, Body>,
}

impl Internet {
    /// A network without connections.
    ///
    /// # Panics
    /// Never: the cryptography that it asks for is compiled in.
    #[must_use]
    pub fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Timeouts::default().connect));
        let provider = rustls::crypto::ring::default_provider();
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(provider)
            .expect("ring offers the default protocol versions")
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let client =
            Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE_MAX).pool_timer(TokioTimer::new()).build(connector);
        Self { client }
    }
}

impl Default for Internet {
    fn default() -> Self {
        Self::new()
    }
}

impl Outbound for Internet {
    fn send(&self, outbound: OutboundRequest) -> Sending {
        let OutboundRequest { request, timeouts, .. } = outbound;
        let response = self.client.request(request);
        Box::pin(async move {
            let response = match timeout(timeouts.first_byte, response).await {
                Err(_) => return Err(OutboundError::ConnectionReadTimeout),
                Ok(Err(error)) => return Err(outbound_error(&error)),
                Ok(Ok(response)) => response,
            };
            Ok(response.map(|body| {
                let body = body.map_err(OutboundError::from);
                let patience = timeouts.between_bytes;
                PatientBody { body, patience, deadline: None }.boxed_unsync()
            }))
        })
    }
}

/// The error code that Spin gives for the same trouble.
fn outbound_error(error: &ClientError) -> OutboundError {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            if let Some(tls) = io.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
                return tls_error(tls);
            }
            match io.kind() {
                ErrorKind::ConnectionRefused => return OutboundError::ConnectionRefused,
                ErrorKind::TimedOut => return OutboundError::ConnectionTimeout,
                ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => {
                    return OutboundError::ConnectionTerminated;
                }
                _ => {}
            }
        }
        if let Some(hyper) = inner.downcast_ref::<hyper::Error>()
            && (hyper.is_incomplete_message() || hyper.is_closed())
        {
            return OutboundError::ConnectionTerminated;
        }
        if inner.to_string().starts_with("dns error") {
            return OutboundError::DnsError { rcode: None, info_code: None };
        }
        cause = inner.source();
    }
    if error.is_connect() {
        return OutboundError::DestinationUnavailable;
    }
    OutboundError::HttpProtocolError
}

fn tls_error(error: &rustls::Error) -> OutboundError {
    match error {
        rustls::Error::InvalidCertificate(_) => OutboundError::TlsCertificateError,
        _ => OutboundError::TlsProtocolError,
    }
}

/// A body each of whose pieces must come in time.
struct PatientBody<B> {
    body: B,
    patience: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<B: HttpBody<Error = OutboundError> + Unpin> HttpBody for PatientBody<B> {
    type Data = B::Data;
    type Error = OutboundError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, OutboundError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            self.deadline = None;
            return Poll::Ready(frame);
        }
        let patience = self.patience;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + patience)));
        match deadline.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err(OutboundError::ConnectionReadTimeout))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
