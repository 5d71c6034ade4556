//! Background tasks that end together with the emulator that started them.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::task::{AbortHandle, JoinSet};

/// A set of tasks. They hold their emulator, so they go on until [`Tasks::stop`].
#[derive(Default)]
pub(crate) struct Tasks {
    set: Mutex<JoinSet<()>>,
}

impl Tasks {
    fn set(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a task, and forgets those that have ended meanwhile.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let mut set = self.set();
        while set.try_join_next().is_some() {}
        set.spawn(work)
    }

    /// Ends every task and waits until none runs.
    pub(crate) async fn stop(&self) {
        let mut ending = std::mem::take(&mut *self.set());
        ending.shutdown().await;
    }
}
