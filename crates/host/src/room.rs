//! How many instances of a component may exist.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

/// There was no place in time.
#[derive(Debug, thiserror::Error)]
#[error("no place for another instance")]
pub(crate) struct NoRoom;

/// Room for a number of instances. An instance that has nothing to do keeps its place, unless
/// another one wants it.
pub(crate) struct Room {
    places: Arc<Semaphore>,
    size: u32,
    /// How many are waiting for a place.
    wanted: watch::Sender<usize>,
}

impl Room {
    pub(crate) fn new(size: u32) -> Self {
        let places = Arc::new(Semaphore::new(size as usize));
        Self { places, size, wanted: watch::Sender::new(0) }
    }

    /// A place; it is given back when it is dropped.
    ///
    /// # Errors
    /// There was none for `patience`.
    pub(crate) async fn enter(&self, patience: Duration) -> Result<OwnedSemaphorePermit, NoRoom> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let _waiting = Waiting::new(&self.wanted);
        let place = Arc::clone(&self.places).acquire_owned();
        timeout(patience, place).await.ok().and_then(Result::ok).ok_or(NoRoom)
    }

    /// Tells those inside how many want to enter.
    pub(crate) fn wanted(&self) -> watch::Receiver<usize> {
        self.wanted.subscribe()
    }

    /// Waits until nobody is inside.
    pub(crate) async fn empty(&self) {
        // An error would mean that nobody can enter any more, which is as good.
        let _ = self.places.acquire_many(self.size).await;
    }
}

/// Counts one who waits, as long as it does.
struct Waiting<'a>(&'a watch::Sender<usize>);

impl<'a> Waiting<'a> {
    fn new(wanted: &'a watch::Sender<usize>) -> Self {
        wanted.send_modify(|count| *count += 1);
        Self(wanted)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
