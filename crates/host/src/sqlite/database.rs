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
use std::path::PathBuf;
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
}

/// What a try leaves to do.
enum Try {
    Done(Executed),
    /// Wait for the other writers first.
    QueueUp,
    /// Try again later.
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
        let deadline = database.clock.monotonic() + BUSY_TIMEOUT;
        let mut turn = None;
        let mut queued = false;
        let mut pause = Duration::from_millis(1);
        loop {
            match database.pace.run(text, || self.attempt(text, parameters, queued)) {
                Try::Done(executed) => return executed,
                Try::QueueUp => {
                    turn = database.wait_for_turn(deadline).await;
                    queued = true;
                }
                Try::Locked(executed) => {
                    if database.clock.monotonic() >= deadline {
                        return executed;
                    }
                    database.clock.sleep(pause).await;
                    pause = (pause * 2).min(BUSY_PAUSE_MAX);
                }
            }
            // Only to keep our turn while we try again.
            let _ = &turn;
        }
    }

    fn attempt(&self, text: &str, parameters: &[Value], queued: bool) -> Try {
        self.with(|opened| {
            if !queued && statement::writes(&opened.connection, text) {
                return Try::QueueUp;
            }
            opened.may_wait.store(false, Ordering::Relaxed);
            let executed = statement::execute(&opened.connection, text, parameters);
            let locked = executed.error.as_ref().is_some_and(|failure| failure.busy);
            if locked && opened.may_wait.load(Ordering::Relaxed) {
                return Try::Locked(executed);
            }
            Try::Done(executed)
        })
        .unwrap_or_else(|failure| Try::Done(Executed { error: Some(failure), ..Executed::default() }))
    }

    pub(crate) fn last_insert_rowid(&self) -> Result<i64, Failure> {
        self.with(|opened| opened.connection.last_insert_rowid())
    }

    pub(crate) fn changes(&self) -> Result<u64, Failure> {
        self.with(|opened| opened.connection.changes())
    }

    fn with<R>(&self, use_it: impl FnOnce(&Opened) -> R) -> Result<R, Failure> {
        let mut slot = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = match &mut *slot {
            Some(opened) => opened,
            empty => empty.insert(self.database.open()?),
        };
        Ok(use_it(opened))
    }
}

impl Database {
    fn open(&self) -> Result<Opened, Failure> {
        let mut connection = rusqlite::Connection::open(&self.path)?;
        connection.authorizer(Some(authorize))?;
        let may_wait = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&may_wait);
        connection.busy_handler(Some(move |_| {
            flag.store(true, Ordering::Relaxed);
            false
        }))?;
        Ok(Opened { connection, may_wait })
    }

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
