use std::future::Future;
use std::pin::Pin;

use crate::{Body, Transport, TransportError};

type Sending<'a, B> = Pin<Box<dyn Future<Output = Result<http::Response<B>, TransportError>> + 'a>>;

/// Some transport, where it is of no interest which.
pub struct AnyTransport<'a>(Box<dyn SendBoxed + 'a>);

impl<'a> AnyTransport<'a> {
    /// Takes a transport.
    #[must_use]
    pub fn new(transport: impl Transport + 'a) -> Self {
        Self(Box::new(transport))
    }
}

impl std::fmt::Debug for AnyTransport<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("AnyTransport")
    }
}

impl Transport for AnyTransport<'_> {
    fn send(&self, request: http::Request<Vec<u8>>) -> impl Future<Output = Result<http::Response<Vec<u8>>, TransportError>> {
        self.0.send_boxed(request)
    }

    fn open(&self, request: http::Request<Vec<u8>>) -> impl Future<Output = Result<http::Response<Body>, TransportError>> {
        self.0.open_boxed(request)
    }
}

trait SendBoxed {
    fn send_boxed(&self, request: http::Request<Vec<u8>>) -> Sending<'_, Vec<u8>>;
    fn open_boxed(&self, request: http::Request<Vec<u8>>) -> Sending<'_, Body>;
}

impl<T: Transport> SendBoxed for T {
    fn send_boxed(&self, request: http::Request<Vec<u8>>) -> Sending<'_, Vec<u8>> {
        Box::pin(self.send(request))
    }

    fn open_boxed(&self, request: http::Request<Vec<u8>>) -> Sending<'_, Body> {
        Box::pin(self.open(request))
    }
}
