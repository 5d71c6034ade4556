//! Connections that guests share, so that pages and compiled statements stay where they are.
//!
//! SQLite forgets all pages that a connection has read as soon as another connection has written, and instances, each with a
//! connection of its own, come and go. With one writer for all of them, what one has read and compiled serves the next.

use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

use super::opened::{File, Opened};
use super::statement::Failure;
use super::writer::{Job, Waiting, Written};
use crate::bindings::spin::sqlite::sqlite::Value;

/// All statements of an application should find room.
const STATEMENTS_KEPT: usize = 256;

/// More than can run at a time; so many read while a long one is under way.
const READERS_MAX: usize = 8;

/// A connection that is opened when it is first used.
pub(super) type Slot = Mutex<Option<Opened>>;

/// One writer and some readers, all set up alike.
pub(super) struct Shared {
    file: File,
    /// The statements that set up each connection.
    pub(super) settings: Vec<String>,
    writer: Slot,
    /// What waits to be written.
    waiting: Waiting,
    readers: Mutex<Vec<Arc<Slot>>>,
}

impl Shared {
    pub(super) fn new(file: File, settings: Vec<String>) -> Self {
        Self { file, settings, writer: Slot::default(), waiting: Waiting::default(), readers: Mutex::default() }
    }

    /// Has a statement wait to be written.
    pub(super) fn ask(&self, text: &str, parameters: &[Value], alone: bool) -> oneshot::Receiver<Written> {
        let (answer, written) = oneshot::channel();
        self.waiting.push(Job { text: text.to_owned(), parameters: parameters.to_vec(), alone, answer });
        written
    }

    /// Writes what waits, by whoever has the turn among writers. False when somebody else has locked the database.
    ///
    /// # Errors
    /// The database cannot be opened.
    pub(super) fn write(&self) -> Result<bool, Failure> {
        with(&self.writer, || self.open(), |opened| self.waiting.run(opened))
    }

    /// For statements that only read.
    pub(super) fn read<R>(&self, use_it: impl FnOnce(&mut Opened) -> R) -> Result<R, Failure> {
        let slot = self.free_reader();
        with(&slot, || self.open(), use_it)
    }

    fn open(&self) -> Result<Opened, Failure> {
        let mut opened = Opened::open_for_many(&self.file, STATEMENTS_KEPT)?;
        opened.set_up(&self.settings);
        Ok(opened)
    }

    fn free_reader(&self) -> Arc<Slot> {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever has a reader for himself holds it twice: here, and where it is used.
        if let Some(free) = readers.iter().find(|slot| Arc::strong_count(slot) == 1) {
            return Arc::clone(free);
        }
        let another = Arc::new(Slot::default());
        if readers.len() < READERS_MAX {
            readers.push(Arc::clone(&another));
        }
        another
    }
}

/// Opens the connection if it is not open, and uses it.
pub(super) fn with<R>(
    slot: &Slot,
    open: impl FnOnce() -> Result<Opened, Failure>,
    use_it: impl FnOnce(&mut Opened) -> R,
) -> Result<R, Failure> {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    let opened = match &mut *slot {
        Some(opened) => opened,
        empty => empty.insert(open()?),
    };
    Ok(use_it(opened))
}
