//! The limit on request bodies.

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use crate::outbound::{Body, OutboundError};

/// A body that fails when it grows beyond its limit, for clients that do not say its length.
pub(crate) struct LimitedBody {
    body: Body,
    left: u64,
    limit: u64,
    exceeded: Arc<AtomicBool>,
}

impl LimitedBody {
    /// `limit` is in bytes. The flag is set when the body exceeds it.
    pub(crate) fn new(body: Body, limit: u64) -> (Self, Arc<AtomicBool>) {
        let exceeded = Arc::new(AtomicBool::new(false));
        (Self { body, left: limit, limit, exceeded: Arc::clone(&exceeded) }, exceeded)
    }
}

impl HttpBody for LimitedBody {
    type Data = Bytes;
    type Error = OutboundError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, OutboundError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let length = match &frame {
            Some(Ok(frame)) => frame.data_ref().map_or(0, |data| data.len() as u64),
            Some(Err(_)) | None => 0,
        };
        let Some(left) = self.left.checked_sub(length) else {
            self.exceeded.store(true, Ordering::Relaxed);
            return Poll::Ready(Some(Err(OutboundError::HttpRequestBodySize(Some(self.limit)))));
        };
        self.left = left;
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
