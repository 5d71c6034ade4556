//! An open file: SQLite's connection, and one try at a statement.

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::statement::{self, Executed, Failure};
use crate::bindings::spin::sqlite::sqlite::Value;

/// How long a statement waits for a lock; rusqlite's default, and so Spin's.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) struct Opened {
    connection: rusqlite::Connection,
    /// Set by SQLite when it would wait for a lock. When it reports a lock without having tried to
    /// wait, then waiting would be for ever, and the guest must hear of it at once.
    may_wait: Arc<AtomicBool>,
    /// How long to wait for a lock; a guest may change it with `PRAGMA busy_timeout`.
    patience: Duration,
}

/// What became of a try.
pub(super) enum Try {
    Done(Executed),
    /// Another connection holds the lock; it may be worth trying again.
    Locked(Executed),
}

impl Opened {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let mut connection = rusqlite::Connection::open(path)?;
        connection.authorizer(Some(authorize))?;
        // Or SQLite plans by the values of parameters, and compiles a kept statement anew each time it is used.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let mut opened = Self { connection, may_wait: Arc::default(), patience: BUSY_TIMEOUT };
        opened.wait_outside()?;
        Ok(opened)
    }

    /// As [`open`](Self::open), for the statements of many guests.
    pub(super) fn open_for_many(path: &Path, statements_kept: usize) -> Result<Self, Failure> {
        let opened = Self::open(path)?;
        opened.connection.set_prepared_statement_cache_capacity(statements_kept);
        Ok(opened)
    }

    /// Runs what a guest has said to set up its connection.
    pub(super) fn set_up(&mut self, settings: &[String]) {
        for setting in settings {
            self.attempt(setting, &[]);
        }
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
    pub(super) fn look_at(&self, text: &str) -> (bool, Duration) {
        (statement::writes(&self.connection, text), self.patience)
    }

    pub(super) fn attempt(&mut self, text: &str, parameters: &[Value]) -> Try {
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

    /// Whether no transaction is open.
    pub(super) fn is_autocommit(&self) -> bool {
        self.connection.is_autocommit()
    }

    pub(super) fn last_insert_rowid(&self) -> i64 {
        self.connection.last_insert_rowid()
    }

    pub(super) fn changes(&self) -> u64 {
        self.connection.changes()
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

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::StatementStatus;

    #[test]
    fn a_kept_statement_is_compiled_once_whatever_it_is_asked() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut opened = Opened::open(&folder.path().join("test.db")).expect("it opens");
        opened.attempt("CREATE TABLE t (a TEXT, b TEXT)", &[]);
        let asks = "SELECT a FROM t WHERE a = ?1 AND b = ?2 LIMIT ?3";
        for number in 0..4 {
            opened.attempt(asks, &[Value::Text("x".to_owned()), Value::Text("y".to_owned()), Value::Integer(number)]);
        }
        let kept = opened.connection.prepare_cached(asks).expect("it is kept");
        assert_eq!(kept.get_status(StatementStatus::RePrepare), 0);
    }
}
