//! Database files, their connections, and how connections wait for each other.
//!
//! SQLite waits for a lock by sleeping on the thread, and its waiters are not served in order. Here
//! writers of one database queue up in order before they ask SQLite, and whoever still finds it
//! locked (by an open transaction, or by another process) waits without holding the thread. A guest
//! cannot tell: it sees the same results, and the same `database is locked` after the same 5 s.

use futures::FutureExt;
use futures::future::{Either, select};
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex as Gate, MutexGuard};

use super::pace::Pace;
use super::statement::{self, Executed, Failure};
use crate::bindings::spin::sqlite::sqlite::Value;
use crate::clock::Clock;

/// How long a statement waits for a lock; rusqlite's default, and so Spin's.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest pause between two tries at a lock.
const BUSY_PAUSE_MAX: Duration = Duration::from_millis(16);

/// The databases in one folder.
pub(crate) struct Databases {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    open: Mutex<HashMap<String, Arc<Database>>>,
}

/// One file.
struct Database {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    /// Held by the writer whose turn it is.
    writers: Gate<()>,
    pace: Pace,
}

/// A guest's connection. The file is opened by the first statement, as in Spin.
#[expect(unreachable_pub, reason = "the generated bindings export it from their private module")]
#[derive(Clone)]
pub struct Connection {
    database: Arc<Database>,
    opened: Arc<Mutex<Option<Opened>>>,
}

struct Opened {
    connection: rusqlite::Connection,
    /// Set by SQLite when it would wait for a lock. When it reports a lock without having tried to
    /// wait, then waiting would be for ever, and the guest must hear of it at once.
    may_wait: Arc<AtomicBool>,
    /// How long to wait for a lock; a guest may change it with `PRAGMA busy_timeout`.
    patience: Duration,
}

/// What became of a try.
enum Try {
    Done(Executed),
    /// Another connection holds the lock; it may be worth trying again.
    Locked(Executed),
}

impl Databases {
    pub(crate) fn new(folder: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { folder, clock, open: Mutex::default() }
    }

    /// A new connection to the file `<name>.db`.
    pub(crate) fn connect(&self, name: &str) -> Connection {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let database = open.entry(name.to_owned()).or_insert_with(|| {
            Arc::new(Database {
                path: self.folder.join(format!("{name}.db")),
                clock: Arc::clone(&self.clock),
                writers: Gate::new(()),
                pace: Pace::default(),
            })
        });
        Connection { database: Arc::clone(database), opened: Arc::default() }
    }
}

impl Connection {
    /// Runs one statement, waiting for locks as long as SQLite would.
    pub(crate) async fn execute(&self, text: &str, parameters: &[Value]) -> Executed {
        let database = &self.database;
        let (writes, patience) = match self.with(|opened| opened.look_at(text)) {
            Ok(seen) => seen,
            Err(failure) => return Executed::failed(failure),
        };
        let deadline = database.clock.monotonic() + patience;
        let _turn = if writes { database.wait_for_turn(deadline).await } else { None };
        let mut pause = Duration::from_millis(1);
        loop {
            let tried = database.pace.run(text, || self.with(|opened| opened.attempt(text, parameters)));
            match tried {
                Err(failure) => return Executed::failed(failure),
                Ok(Try::Done(executed)) => return executed,
                Ok(Try::Locked(executed)) if database.clock.monotonic() >= deadline => return executed,
                Ok(Try::Locked(_)) => {}
            }
            database.clock.sleep(pause).await;
            pause = (pause * 2).min(BUSY_PAUSE_MAX);
        }
    }

    pub(crate) fn last_insert_rowid(&self) -> Result<i64, Failure> {
        self.with(|opened| opened.connection.last_insert_rowid())
    }

    pub(crate) fn changes(&self) -> Result<u64, Failure> {
        self.with(|opened| opened.connection.changes())
    }

    fn with<R>(&self, use_it: impl FnOnce(&mut Opened) -> R) -> Result<R, Failure> {
        let mut slot = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = match &mut *slot {
            Some(opened) => opened,
            empty => empty.insert(Opened::open(&self.database.path)?),
        };
        Ok(use_it(opened))
    }
}

impl Opened {
    fn open(path: &Path) -> Result<Self, Failure> {
        let mut connection = rusqlite::Connection::open(path)?;
        connection.authorizer(Some(authorize))?;
        let mut opened = Self { connection, may_wait: Arc::default(), patience: BUSY_TIMEOUT };
        opened.wait_outside()?;
        Ok(opened)
    }

    /// Has SQLite report locks instead of waiting for them.
    fn wait_outside(&mut self) -> Result<(), Failure> {
        let may_wait = Arc::clone(&self.may_wait);
        self.connection.busy_handler(Some(move |_| {
            may_wait.store(true, Ordering::Relaxed);
            false
        }))?;
        Ok(())
    }

    /// Whether `text` must take its turn, and how long it may wait.
    fn look_at(&self, text: &str) -> (bool, Duration) {
        (statement::writes(&self.connection, text), self.patience)
    }

    fn attempt(&mut self, text: &str, parameters: &[Value]) -> Try {
        self.may_wait.store(false, Ordering::Relaxed);
        let mut executed = statement::execute(&self.connection, text, parameters);
        if let Some(patience) = statement::new_busy_timeout(text, &executed) {
            // SQLite has put its own way of waiting in the place of ours.
            self.patience = patience;
            executed.error = self.wait_outside().err();
        }
        let locked = executed.error.as_ref().is_some_and(|failure| failure.busy);
        if locked && self.may_wait.load(Ordering::Relaxed) {
            return Try::Locked(executed);
        }
        Try::Done(executed)
    }
}

impl Database {
    /// The writers' gate, or nothing if it stayed shut until `deadline`; SQLite then decides.
    async fn wait_for_turn(&self, deadline: Duration) -> Option<MutexGuard<'_, ()>> {
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

/// No guest may open a file that is not its database; as in Spin, temporary ones are no file of
/// anybody's.
fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Attach { filename } if !matches!(filename, "" | ":memory:") => Authorization::Deny,
        _ => Authorization::Allow,
    }
}
