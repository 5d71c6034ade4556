//! A guest's connection: where each statement runs.

use futures::future::{Either, select};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::database::Database;
use super::opened::{BUSY_TIMEOUT, Opened, Try};
use super::shared::{Shared, Slot, with};
use super::statement::{Executed, Failure};
use super::writer::Written;
use crate::bindings::spin::sqlite::sqlite::Value;

/// The pause between two tries at a lock, at first and at last.
const PAUSE_FIRST: Duration = Duration::from_millis(1);
const PAUSE_MAX: Duration = Duration::from_millis(16);

/// A guest's connection. The file is opened by the first statement, as in Spin.
#[expect(unreachable_pub, reason = "the generated bindings export it from their private module")]
#[derive(Clone)]
pub struct Connection {
    database: Arc<Database>,
    state: Arc<Mutex<State>>,
}

/// What a guest has made of its connection.
struct State {
    /// None: the connection is the guest's own.
    shared: Option<Arc<Shared>>,
    own: Arc<Slot>,
    /// Of the last statement on a shared connection: row id and number of changes.
    last: (i64, u64),
}

/// Where a statement runs.
enum Place {
    Own(Arc<Slot>),
    Reader(Arc<Shared>),
    Writer { shared: Arc<Shared>, alone: bool },
}

impl Connection {
    pub(super) fn new(database: Arc<Database>, sharing: bool) -> Self {
        let shared = sharing.then(|| database.shared(Vec::new()));
        Self { database, state: Arc::new(Mutex::new(State { shared, own: Arc::default(), last: (0, 0) })) }
    }

    /// Runs one statement, waiting for locks as long as SQLite would.
    pub(crate) async fn execute(&self, text: &str, parameters: &[Value]) -> Executed {
        match self.place(text) {
            Err(failure) => Executed::failed(failure),
            Ok(Place::Own(slot)) => self.execute_alone(&slot, text, parameters).await,
            Ok(Place::Reader(shared)) => self.read(&shared, text, parameters).await,
            Ok(Place::Writer { shared, alone }) => self.write(&shared, text, parameters, alone).await,
        }
    }

    async fn execute_alone(&self, slot: &Slot, text: &str, parameters: &[Value]) -> Executed {
        let open = || Opened::open(&self.database.file);
        let (writes, patience) = match with(slot, open, |opened| opened.look_at(text)) {
            Ok(seen) => seen,
            Err(failure) => return Executed::failed(failure),
        };
        let deadline = self.database.clock.monotonic() + patience;
        let _turn = if writes { self.database.wait_for_turn(deadline).await } else { None };
        self.until(deadline, text, || with(slot, open, |opened| opened.attempt(text, parameters))).await
    }

    async fn read(&self, shared: &Shared, text: &str, parameters: &[Value]) -> Executed {
        let deadline = self.database.clock.monotonic() + BUSY_TIMEOUT;
        self.until(deadline, text, || shared.read(|opened| opened.attempt(text, parameters))).await
    }

    async fn write(&self, shared: &Shared, text: &str, parameters: &[Value], alone: bool) -> Executed {
        let deadline = self.database.clock.monotonic() + BUSY_TIMEOUT;
        let mut written = shared.ask(text, parameters, alone);
        let mut pause = PAUSE_FIRST;
        loop {
            let turn = pin!(self.database.wait_for_turn(deadline));
            let turn = match select(&mut written, turn).await {
                // Whoever had the turn has taken it along.
                Either::Left((Ok(written), _)) => return self.told_of(written),
                Either::Left((Err(_), _)) => return Executed::failed(Failure::locked()),
                Either::Right((turn, _)) => turn,
            };
            match self.database.pace.run(text, || shared.write()) {
                Err(failure) => return Executed::failed(failure),
                // There may have been more before it than go together.
                Ok(true) => continue,
                Ok(false) if self.database.clock.monotonic() >= deadline => return Executed::failed(Failure::locked()),
                Ok(false) => {}
            }
            self.database.clock.sleep(pause).await;
            drop(turn);
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    fn told_of(&self, Written { executed, last_insert_rowid, changes }: Written) -> Executed {
        self.state().last = (last_insert_rowid, changes);
        executed
    }

    /// Tries until the database is not locked, or the time is up.
    async fn until(&self, deadline: Duration, text: &str, attempt: impl Fn() -> Result<Try, Failure>) -> Executed {
        let mut pause = PAUSE_FIRST;
        loop {
            match self.database.pace.run(text, &attempt) {
                Err(failure) => return Executed::failed(failure),
                Ok(Try::Done(executed)) => return executed,
                Ok(Try::Locked(executed)) if self.database.clock.monotonic() >= deadline => return executed,
                Ok(Try::Locked(_)) => {}
            }
            self.database.clock.sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    pub(crate) fn last_insert_rowid(&self) -> Result<i64, Failure> {
        self.told(|state| state.last.0, Opened::last_insert_rowid)
    }

    pub(crate) fn changes(&self) -> Result<u64, Failure> {
        self.told(|state| state.last.1, Opened::changes)
    }

    fn told<R>(&self, remembered: impl FnOnce(&State) -> R, asked: impl FnOnce(&Opened) -> R) -> Result<R, Failure> {
        let own = {
            let state = self.state();
            if state.shared.is_some() {
                return Ok(remembered(&state));
            }
            Arc::clone(&state.own)
        };
        with(&own, || Opened::open(&self.database.file), |opened| asked(opened))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where `text` runs. A guest that begins a transaction, or does anything else that others must not notice, gets a connection
    /// of its own from then on, set up as the shared one was.
    fn place(&self, text: &str) -> Result<Place, Failure> {
        let mut state = self.state();
        let Some(shared) = state.shared.clone() else { return Ok(Place::Own(Arc::clone(&state.own))) };
        match Effect::of(text) {
            Effect::Reads => Ok(Place::Reader(shared)),
            Effect::Writes => Ok(Place::Writer { shared, alone: false }),
            Effect::SetsUp => {
                let settings = shared.settings.iter().cloned().chain([text.to_owned()]).collect();
                let shared = self.database.shared(settings);
                state.shared = Some(Arc::clone(&shared));
                Ok(Place::Writer { shared, alone: true })
            }
            Effect::Lasts => {
                let mut opened = Opened::open(&self.database.file)?;
                opened.set_up(&shared.settings);
                state.own = Arc::new(Mutex::new(Some(opened)));
                state.shared = None;
                Ok(Place::Own(Arc::clone(&state.own)))
            }
        }
    }
}

/// What a statement does to whoever runs on the same connection afterwards, by its words.
enum Effect {
    /// Nothing.
    Reads,
    /// Nothing that another connection would not see too.
    Writes,
    /// It sets up the connection, so that it behaves otherwise from then on.
    SetsUp,
    /// It leaves something behind, or asks for what an earlier one has left.
    Lasts,
}

/// Settings that our shared connections can be told apart by.
const SETTINGS: [&str; 3] = ["journal_mode", "synchronous", "wal_autocheckpoint"];

/// Functions that tell of a connection's earlier statements.
const OF_THE_CONNECTION: [&str; 3] = ["last_insert_rowid", "changes(", "temp."];

impl Effect {
    fn of(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let mut words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty());
        let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let sets_up = first == "pragma" && SETTINGS.contains(&second) && text.contains('=');
        if sets_up {
            return Self::SetsUp;
        }
        if OF_THE_CONNECTION.iter().any(|function| text.contains(function)) {
            return Self::Lasts;
        }
        match first {
            "select" => Self::Reads,
            "insert" | "update" | "delete" | "replace" | "with" => Self::Writes,
            "create" | "drop" | "alter" if !matches!(second, "temp" | "temporary") => Self::Writes,
            _ => Self::Lasts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_known_by_its_words() {
        let lasts = |text| matches!(Effect::of(text), Effect::Lasts);
        for text in [
            "BEGIN",
            "  savepoint a",
            "PRAGMA busy_timeout = 1",
            "CREATE TEMP TABLE t (a)",
            "SELECT changes()",
            "ATTACH 'a' AS b",
            "PRAGMA synchronous",
        ] {
            assert!(lasts(text), "{text}");
        }
        for text in [
            "SELECT 1",
            "insert into t values (1)",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "CREATE TABLE t (a)",
            "PRAGMA synchronous = FULL",
        ] {
            assert!(!lasts(text), "{text}");
        }
    }
}
