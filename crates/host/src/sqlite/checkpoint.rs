//! Emptying the write-ahead log beside the writer, which would otherwise wait for the disk every few hundred commits.
//!
//! A checkpoint on a connection of its own copies most of the log while writers go on. What they added meanwhile is copied by a
//! second, short one in the writer's own commit, so that the log begins anew and does not grow for ever.

use rusqlite::hooks::Wal;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// When the log has grown to so many times the size at which it is emptied, the writer does it all itself: the disk does not keep up.
const TIMES_MAX: i32 = 4;

/// Checkpoints of one database, seen from its writer.
pub(super) struct Checkpoints {
    path: PathBuf,
    /// The one under way, or done and not followed by the short one yet.
    aside: Mutex<Option<Aside>>,
}

struct Aside {
    done: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Checkpoints {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, aside: Mutex::default() }
    }

    /// After a commit of the writer, with as many pages in the log; at `pages_max` it is to be emptied.
    pub(super) fn after_commit(&self, wal: &mut Wal, pages: i32, pages_max: i32) {
        if pages < pages_max {
            return;
        }
        let mut aside = self.aside.lock().unwrap_or_else(PoisonError::into_inner);
        match aside.take() {
            None => *aside = self.begin(),
            Some(running) if !running.done.load(Ordering::Acquire) && pages < pages_max.saturating_mul(TIMES_MAX) => {
                *aside = Some(running);
            }
            Some(ended) => {
                let _ = ended.thread.join();
                // Whoever reads an old page keeps it from being finished; the next commit tries again.
                let _ = wal.checkpoint();
            }
        }
    }

    /// None when the system gives no thread; the writer comes back to it.
    fn begin(&self) -> Option<Aside> {
        let (path, done) = (self.path.clone(), Arc::new(AtomicBool::new(false)));
        let told = Arc::clone(&done);
        let work = move || {
            let checkpoint = |connection: rusqlite::Connection| connection.pragma(None, "wal_checkpoint", "PASSIVE", |_| Ok(()));
            if let Err(error) = rusqlite::Connection::open(path).and_then(checkpoint) {
                tracing::warn!("checkpoint: {error}");
            }
            told.store(true, Ordering::Release);
        };
        let thread = std::thread::Builder::new().name("host-checkpoint".to_owned()).spawn(work).ok()?;
        Some(Aside { done, thread })
    }
}

impl Drop for Checkpoints {
    /// The file is not touched any more when its connections are closed.
    fn drop(&mut self) {
        if let Some(running) = self.aside.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = running.thread.join();
        }
    }
}
