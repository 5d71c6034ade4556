//! What every operation is given: the ledger, the instant, dice, and who asks.

use std::rc::Rc;

use clawstead_domain::{DomainEvent, id};
use clawstead_ledger::{Engine, Event, Expected, Ledger, Meta, NewEvent, Rows, Value};

use crate::OperationError;

/// So often a decision is made on fresh facts after it lost a race.
const DECISIONS_MAX: u32 = 8;

/// The surroundings of one operation.
pub struct Cx<'a, E> {
    /// The log and its views.
    pub ledger: &'a Ledger<E>,
    /// The instant of the operation, ms since the epoch.
    pub now: i64,
    /// Fills a buffer with random bytes from a secure source.
    pub entropy: &'a dyn Fn(&mut [u8]),
    /// Who asks, as `<kind>:<id>`.
    pub actor: String,
    /// One id for everything that a single outside cause leads to.
    pub correlation: String,
}

impl<E> std::fmt::Debug for Cx<'_, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cx")
            .field("now", &self.now)
            .field("actor", &self.actor)
            .field("correlation", &self.correlation)
            .finish_non_exhaustive()
    }
}

impl<'a, E> Cx<'a, E> {
    /// The same surroundings at another instant: what is recorded of an operation that takes seconds is when it happened.
    #[must_use]
    pub fn at(&self, now: i64) -> Cx<'a, E> {
        Cx { ledger: self.ledger, now, entropy: self.entropy, actor: self.actor.clone(), correlation: self.correlation.clone() }
    }
}

impl<E: Engine> Cx<'_, E> {
    /// Random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.entropy)(&mut bytes);
        bytes
    }

    /// A uniformly random number.
    pub fn roll(&self) -> u64 {
        u64::from_le_bytes(self.random())
    }

    /// A new id that sorts by time.
    pub fn new_id(&self) -> String {
        id::time_sorted(self.now, self.random())
    }

    /// Reads views, or reads and writes operational rows.
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn sql(&self, sql: &str, params: &[Value]) -> Result<Rows, OperationError> {
        Ok(self.ledger.engine().execute(sql, params).await?)
    }

    /// Reads the views of policies, agents and API keys, which a request need not read anew as long as nothing of them changes;
    /// see [`Ledger::settled`].
    ///
    /// # Errors
    /// When the database does not do it.
    pub async fn settled(&self, sql: &str, params: &[Value]) -> Result<Rc<Rows>, OperationError> {
        let request = format!("{} {}", self.correlation, self.now);
        Ok(self.ledger.settled(&request, sql, params).await?)
    }

    /// Appends the events of one decision to one stream.
    ///
    /// # Errors
    /// [`OperationError::Raced`] when the stream moved on, [`OperationError::Rule`] when a rule across streams is broken.
    pub async fn append<D: DomainEvent>(&self, stream_id: &str, expected: Expected, events: &[D]) -> Result<(), OperationError> {
        let lines = self.lines(stream_id, expected, events);
        self.append_lines::<D>(&lines).await
    }

    /// As [`Cx::append`], for a command that must not be carried out twice. Gives the event of the first time, if this is not it.
    ///
    /// # Errors
    /// As for [`Cx::append`].
    pub async fn append_once<D: DomainEvent>(
        &self,
        stream_id: &str,
        expected: Expected,
        events: &[D],
        dedup_key: String,
    ) -> Result<Option<Event>, OperationError> {
        let mut lines = self.lines(stream_id, expected, events);
        if let Some(first) = lines.first_mut() {
            first.dedup_key = Some(dedup_key);
        }
        match self.append_lines::<D>(&lines).await {
            Err(OperationError::Duplicate(event)) => Ok(Some(*event)),
            other => other.map(|()| None),
        }
    }

    /// Appends prepared lines, of one or several streams of one kind.
    ///
    /// # Errors
    /// As for [`Cx::append`]; [`OperationError::Duplicate`] for a dedup key that is in the log.
    pub async fn append_lines<D: DomainEvent>(&self, lines: &[NewEvent]) -> Result<(), OperationError> {
        if lines.is_empty() {
            return Ok(());
        }
        let meta = Meta { actor: self.actor.clone(), correlation: self.correlation.clone(), causation: None };
        Ok(self.ledger.append(D::KIND, lines, &meta).await?)
    }

    /// The lines of one decision, each expecting the version that the one before it makes.
    pub fn lines<D: DomainEvent>(&self, stream_id: &str, expected: Expected, events: &[D]) -> Vec<NewEvent> {
        let line = |(event, index): (&D, i64)| {
            let encoded = event.encode();
            NewEvent {
                id: stream_id.to_owned(),
                expected: match expected {
                    Expected::Any => Expected::Any,
                    Expected::Version(version) => Expected::Version(version + index),
                },
                event_type: encoded.event_type,
                schema: encoded.schema,
                data: encoded.data,
                at: self.now,
                dedup_key: None,
            }
        };
        events.iter().zip(0..).map(line).collect()
    }
}

/// Decides on fresh facts, and again when the race for the stream was lost, a bounded number of times.
///
/// # Errors
/// What the last attempt said; [`OperationError::Raced`] when every one lost.
pub async fn decide<T>(mut attempt: impl AsyncFnMut() -> Result<T, OperationError>) -> Result<T, OperationError> {
    for _ in 1..DECISIONS_MAX {
        match attempt().await {
            Err(OperationError::Raced) => {}
            outcome => return outcome,
        }
    }
    attempt().await
}
