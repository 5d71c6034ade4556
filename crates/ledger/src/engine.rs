//! What the ledger needs of a database.

use std::future::Future;
use std::time::Duration;

use crate::value::{Rows, Value};

/// One connection to a database that speaks the SQL SQLite, libSQL and Turso's engine share.
///
/// Every implementation must pass the suite in `crates/ledger-conformance`.
pub trait Engine: Sized {
    /// Runs one statement to its end. A statement is atomic: it happens whole or not at all.
    fn execute(&self, sql: &str, params: &[Value]) -> impl Future<Output = Result<Rows, EngineError>>;

    /// Opens another connection to the same database, set up alike.
    fn reopen(&self) -> impl Future<Output = Result<Self, EngineError>>;

    /// Waits, for instance for a lock that another holder has.
    fn pause(&self, duration: Duration) -> impl Future<Output = ()>;
}

/// What a database answered instead of rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("database: {0}")]
pub struct EngineError(pub String);

impl EngineError {
    /// Whether the same statement may succeed a little later: another connection holds the database.
    pub fn is_busy(&self) -> bool {
        self.0.contains("database is locked") || self.0.contains("database table is locked") || self.0.contains("SQLITE_BUSY")
    }

    /// Whether there is no room for what the statement would have written.
    pub fn is_full(&self) -> bool {
        self.0.contains("database or disk is full") || self.0.contains("SQLITE_FULL")
    }

    /// Whether the disk failed. What the statement would have done may have been done all the same: a commit whose last write
    /// fails can be found in the write-ahead log later.
    pub fn is_io(&self) -> bool {
        IO.iter().any(|text| self.0.contains(text))
    }
}

/// What SQLite and its hosts say when the disk does not work, or the file cannot be reached.
const IO: [&str; 4] = ["disk I/O error", "unable to open database file", "SQLITE_IOERR", "SQLITE_CANTOPEN"];

/// How much a 2xx survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// `synchronous = FULL`: a power cut.
    #[default]
    Full,
    /// `synchronous = NORMAL`: a crash of the process; a power cut may take the last moments.
    Normal,
}

/// Pages in the write-ahead log before they are moved into the database, 32 MiB. Each move waits for the disk twice, also at `normal`;
/// with SQLite's own 1,000 that happens every few dozen appends.
const CHECKPOINT: &str = "PRAGMA wal_autocheckpoint = 8000";

impl Durability {
    /// Reads the variable `durability`.
    ///
    /// # Errors
    /// The text, when it is neither `full` nor `normal`.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "full" => Ok(Self::Full),
            "normal" => Ok(Self::Normal),
            other => Err(format!("durability must be full or normal, not {other:?}")),
        }
    }

    /// Sets up a new connection. A server that refuses these settings (libSQL) keeps its own.
    pub(crate) async fn apply(self, engine: &impl Engine) -> Result<(), EngineError> {
        let synchronous = match self {
            Self::Full => "PRAGMA synchronous = FULL",
            Self::Normal => "PRAGMA synchronous = NORMAL",
        };
        for statement in ["PRAGMA journal_mode = WAL", synchronous, CHECKPOINT] {
            match retry_while_busy(engine, statement).await {
                Err(error) if error.is_busy() => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Switching to WAL ignores the busy timeout, so several first connections at once must take turns by hand.
async fn retry_while_busy(engine: &impl Engine, sql: &str) -> Result<Rows, EngineError> {
    let mut outcome = engine.execute(sql, &[]).await;
    for _ in 0..100 {
        match &outcome {
            Err(error) if error.is_busy() => engine.pause(Duration::from_millis(20)).await,
            _ => return outcome,
        }
        outcome = engine.execute(sql, &[]).await;
    }
    outcome
}
