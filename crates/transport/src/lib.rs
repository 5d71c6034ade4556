//! How clawstead's clients of outside APIs send one HTTP request.
//!
//! A client is written against [`Transport`]; a component gives it [`SpinTransport`], a test gives it the scripted
//! one (feature `testing`). A transport sends once: retrying, rate limits and the settling of unknown outcomes
//! belong to the caller, who alone knows whether repeating is safe.
//!
//! Nothing in this crate prints a URL or a header: Telegram puts the bot's token into the path.

mod any;
mod body;
mod error;
mod limits;
#[cfg(any(test, feature = "testing"))]
mod scripted;
#[cfg(target_arch = "wasm32")]
mod spin;

use std::future::Future;

pub use any::AnyTransport;
pub use body::Body;
pub use error::TransportError;
pub use limits::{Limits, TotalTimeout};
#[cfg(any(test, feature = "testing"))]
pub use scripted::{Matcher, ScriptedTransport};
#[cfg(target_arch = "wasm32")]
pub use spin::SpinTransport;

/// Sends one HTTP request and reads the whole answer.
///
/// Any complete HTTP answer is `Ok`, whatever its status: what a status means is for the client to say. The future
/// need not be `Send`, because a component runs on one thread.
pub trait Transport {
    /// Sends `request` once.
    ///
    /// # Errors
    /// [`TransportError`] when there was no complete answer; [`TransportError::effect_possible`] says whether the
    /// other side may nevertheless have acted.
    fn send(&self, request: http::Request<Vec<u8>>) -> impl Future<Output = Result<http::Response<Vec<u8>>, TransportError>>;

    /// As [`Transport::send`], for an answer that is too long to hold: its body is read as it comes, and whoever reads it sees to
    /// its length.
    ///
    /// # Errors
    /// As for [`Transport::send`]; what happens later is an error of the body.
    fn open(&self, request: http::Request<Vec<u8>>) -> impl Future<Output = Result<http::Response<Body>, TransportError>> {
        async { Ok(self.send(request).await?.map(Body::whole)) }
    }
}

impl<T: Transport + ?Sized> Transport for &T {
    fn send(&self, request: http::Request<Vec<u8>>) -> impl Future<Output = Result<http::Response<Vec<u8>>, TransportError>> {
        (**self).send(request)
    }

    fn open(&self, request: http::Request<Vec<u8>>) -> impl Future<Output = Result<http::Response<Body>, TransportError>> {
        (**self).open(request)
    }
}
