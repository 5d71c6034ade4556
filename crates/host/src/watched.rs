//! A watch channel for hand-written futures.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use tokio::sync::watch;

/// A value that somebody else changes.
pub(crate) struct Watched<T> {
    receiver: watch::Receiver<T>,
    change: Change,
}

/// Gives whether there can be another change.
type Change = Pin<Box<dyn Future<Output = bool> + Send + Sync>>;

impl<T: Copy + Send + Sync + 'static> Watched<T> {
    pub(crate) fn new(receiver: watch::Receiver<T>) -> Self {
        let change = next_change(receiver.clone());
        Self { receiver, change }
    }

    /// The value now, or nothing if its owner is gone. The task is woken when that changes.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Option<T> {
        while let std::task::Poll::Ready(open) = self.change.as_mut().poll(cx) {
            if !open {
                self.change = Box::pin(std::future::ready(false));
                return None;
            }
            self.receiver.mark_unchanged();
            self.change = next_change(self.receiver.clone());
        }
        Some(*self.receiver.borrow())
    }
}

fn next_change<T: Send + Sync + 'static>(mut receiver: watch::Receiver<T>) -> Change {
    Box::pin(async move { receiver.changed().await.is_ok() })
}
