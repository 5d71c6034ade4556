//! Database files, and how connections to them wait for each other.
//!
//! SQLite waits for a lock by sleeping on the thread, and its waiters are not served in order. Here
//! writers of one database queue up in order before they ask SQLite, and whoever still finds it
//! locked (by an open transaction, or by another process) waits without holding the thread. A guest
//! cannot tell: it sees the same results, and the same `database is locked` after the same 5 s.

use futures::FutureExt;
use futures::future::{Either, select};
use std::collections::HashMap;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex as Gate, MutexGuard};

use super::connection::Connection;
use super::opened::File;
use super::pace::Pace;
use super::shared::Shared;
use crate::clock::Clock;

/// The databases in one folder.
pub(crate) struct Databases {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    /// Whether guests share connections.
    sharing: bool,
    /// How large each may become, bytes.
    bytes_max: Option<u64>,
    open: Mutex<HashMap<String, Arc<Database>>>,
}

/// One file.
pub(super) struct Database {
    pub(super) file: File,
    pub(super) clock: Arc<dyn Clock>,
    /// Held by the writer whose turn it is.
    writers: Gate<()>,
    pub(super) pace: Pace,
    /// Shared connections, by what set them up.
    shared: Mutex<HashMap<Vec<String>, Arc<Shared>>>,
}

impl Databases {
    pub(crate) fn new(folder: PathBuf, clock: Arc<dyn Clock>, sharing: bool, bytes_max: Option<u64>) -> Self {
        Self { folder, clock, sharing, bytes_max, open: Mutex::default() }
    }

    /// A new connection to the file `<name>.db`.
    pub(crate) fn connect(&self, name: &str) -> Connection {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let database = open.entry(name.to_owned()).or_insert_with(|| {
            Arc::new(Database {
                file: File { path: self.folder.join(format!("{name}.db")), bytes_max: self.bytes_max },
                clock: Arc::clone(&self.clock),
                writers: Gate::new(()),
                pace: Pace::default(),
                shared: Mutex::default(),
            })
        });
        Connection::new(Arc::clone(database), self.sharing)
    }
}

impl Database {
    /// The shared connections that are set up by these statements.
    pub(super) fn shared(&self, settings: Vec<String>) -> Arc<Shared> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = shared.get(&settings) {
            return Arc::clone(known);
        }
        let made = Arc::new(Shared::new(self.file.clone(), settings.clone()));
        shared.insert(settings, Arc::clone(&made));
        made
    }

    /// The writers' gate, or nothing if it stayed shut until `deadline`; SQLite then decides.
    pub(super) async fn wait_for_turn(&self, deadline: Duration) -> Option<MutexGuard<'_, ()>> {
        if let Ok(turn) = self.writers.try_lock() {
            return Some(turn);
        }
        let left = deadline.saturating_sub(self.clock.monotonic());
        let turn = pin!(self.writers.lock());
        match select(turn, self.clock.sleep(left).fuse()).await {
            Either::Left((turn, _)) => Some(turn),
            Either::Right(_) => None,
        }
    }
}
