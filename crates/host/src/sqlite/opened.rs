//! An open file: SQLite's connection, and one try at a statement.

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization, Wal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::checkpoint::Checkpoints;
use super::statement::{self, Executed, Failure};
use crate::bindings::spin::sqlite::sqlite::Value;

/// How long a statement waits for a lock; rusqlite's default, and so Spin's.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A database file.
#[derive(Clone)]
pub(super) struct File {
    pub(super) path: PathBuf,
    /// How large it may become, bytes.
    pub(super) bytes_max: Option<u64>,
}

pub(super) struct Opened {
    connection: rusqlite::Connection,
    /// Set by SQLite when it would wait for a lock. When it reports a lock without having tried to
    /// wait, then waiting would be for ever, and the guest must hear of it at once.
    may_wait: Arc<AtomicBool>,
    /// How long to wait for a lock; a guest may change it with `PRAGMA busy_timeout`.
    patience: Duration,
    /// None: SQLite empties the write-ahead log in the commit that makes it long.
    checkpoints: Option<Arc<Checkpoints>>,
}

/// What became of a try.
pub(super) enum Try {
    Done(Executed),
    /// Another connection holds the lock; it may be worth trying again.
    Locked(Executed),
}

impl Opened {
    pub(super) fn open(file: &File) -> Result<Self, Failure> {
        let mut connection = rusqlite::Connection::open(&file.path)?;
        if let Some(bytes) = file.bytes_max {
            limit(&connection, bytes)?;
        }
        connection.authorizer(Some(authorize))?;
        // Or SQLite plans by the values of parameters, and compiles a kept statement anew each time it is used.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let mut opened = Self { connection, may_wait: Arc::default(), patience: BUSY_TIMEOUT, checkpoints: None };
        opened.wait_outside()?;
        Ok(opened)
    }

    /// As [`open`](Self::open), for the statements of many guests.
    pub(super) fn open_for_many(file: &File, statements_kept: usize) -> Result<Self, Failure> {
        let mut opened = Self::open(file)?;
        opened.connection.set_prepared_statement_cache_capacity(statements_kept);
        opened.checkpoints = Some(Arc::new(Checkpoints::new(file.path.clone())));
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

    /// Has the write-ahead log emptied beside the writer when it has so many pages.
    fn checkpoint_aside(&mut self, pages_max: i64) -> Result<(), Failure> {
        let (Some(checkpoints), Ok(pages_max @ 1..)) = (self.checkpoints.clone(), i32::try_from(pages_max)) else {
            return Ok(());
        };
        self.connection.wal_hook(Some(move |wal: &mut Wal, pages| {
            checkpoints.after_commit(wal, pages, pages_max);
            Ok(())
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
        // In both cases SQLite has put its own way in the place of ours.
        if let Some(milliseconds) = statement::newly_set("busy_timeout", text, &executed) {
            self.patience = Duration::from_millis(milliseconds.try_into().unwrap_or_default());
            executed.error = self.wait_outside().err();
        }
        if let Some(pages) = statement::newly_set("wal_autocheckpoint", text, &executed) {
            executed.error = self.checkpoint_aside(pages).err();
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

/// SQLite then answers as it does when the disk is full.
fn limit(connection: &rusqlite::Connection, bytes: u64) -> Result<(), Failure> {
    let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages = i64::try_from(bytes).unwrap_or(i64::MAX) / page;
    connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    Ok(())
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
    use tempfile::TempDir;

    fn file_in(folder: &TempDir) -> File {
        File { path: folder.path().join("test.db"), bytes_max: None }
    }

    #[test]
    fn a_kept_statement_is_compiled_once_whatever_it_is_asked() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut opened = Opened::open(&file_in(&folder)).expect("it opens");
        opened.attempt("CREATE TABLE t (a TEXT, b TEXT)", &[]);
        let asks = "SELECT a FROM t WHERE a = ?1 AND b = ?2 LIMIT ?3";
        for number in 0..4 {
            opened.attempt(asks, &[Value::Text("x".to_owned()), Value::Text("y".to_owned()), Value::Integer(number)]);
        }
        let kept = opened.connection.prepare_cached(asks).expect("it is kept");
        assert_eq!(kept.get_status(StatementStatus::RePrepare), 0);
    }

    #[test]
    fn the_write_ahead_log_begins_anew_however_much_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = file_in(&folder);
        let mut opened = Opened::open_for_many(&file, 16).expect("it opens");
        let mut run = |text: &str| match opened.attempt(text, &[]) {
            Try::Done(Executed { error: None, .. }) => {}
            _ => panic!("{text}"),
        };
        run("PRAGMA journal_mode = WAL");
        run("PRAGMA wal_autocheckpoint = 50");
        run("CREATE TABLE t (a BLOB)");
        for _ in 0..4_000 {
            run("INSERT INTO t VALUES (randomblob(4000))");
        }
        let log_pages = std::fs::metadata(folder.path().join("test.db-wal")).expect("a log").len() / 4_096;
        assert!(log_pages < 1_000, "{log_pages} pages of the log for more than 4,000 of the table");
        drop(opened);
        let count = rusqlite::Connection::open(&file.path)
            .and_then(|connection| connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)));
        assert_eq!(count, Ok(4_000));
    }
}
