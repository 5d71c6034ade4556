//! Appending: one statement, whatever the number of events.

use serde_json::json;

use crate::Ledger;
use crate::conflict::{Conflict, classify};
use crate::engine::{Engine, EngineError};
use crate::event::{Event, Expected, Meta, NewEvent};
use crate::value::Value;

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The stream has moved on: decide again on fresh facts.
    #[error("the stream has another version by now")]
    Version,
    /// This command was accepted before; this is the event that holds its dedup key.
    #[error("the command was accepted before, at position {}", .0.position)]
    Duplicate(Box<Event>),
    /// A rule across streams is broken.
    #[error("rule broken: {0}")]
    Rule(String),
    /// The database did not do it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl<E: Engine> Ledger<E> {
    /// Appends events of one kind, of one or several streams, whole or not at all.
    ///
    /// # Errors
    /// [`AppendError`]; nothing is written then.
    pub async fn append(&self, kind: &str, events: &[NewEvent], meta: &Meta) -> Result<(), AppendError> {
        if events.is_empty() {
            return Ok(());
        }
        let (sql, params) = statement(kind, events, meta);
        let Err(error) = self.engine().execute(&sql, &params).await else {
            if let Some(observer) = self.observer {
                observer(kind, events, meta);
            }
            return Ok(());
        };
        match classify(&error) {
            Conflict::Rule(name) => Err(AppendError::Rule(name)),
            Conflict::Trouble => Err(error.into()),
            // A repeat must be seen as one also where an earlier event of it meets a version that has moved on.
            Conflict::Version | Conflict::Dedup => match self.first_outcome(events).await? {
                Some(first) => Err(AppendError::Duplicate(Box::new(first))),
                None => Err(AppendError::Version),
            },
        }
    }

    async fn first_outcome(&self, events: &[NewEvent]) -> Result<Option<Event>, EngineError> {
        for key in events.iter().filter_map(|event| event.dedup_key.as_deref()) {
            if let Some(event) = self.by_dedup_key(key).await? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }
}

/// Rows of values, not JSON that SQLite takes apart: of one row, which is most of what is appended, nothing is put aside on its way.
fn statement(kind: &str, events: &[NewEvent], meta: &Meta) -> (String, Vec<Value>) {
    let mut sql = format!("INSERT INTO {kind}_intake (meta, stream, version, type, schema, at, data, dedup_key) VALUES ");
    let mut params = vec![json!(meta).to_string().into()];
    for (index, event) in events.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        let first = params.len() + 1;
        let numbers: Vec<String> = (first..first + COLUMNS_OF_EACH).map(|number| format!("?{number}")).collect();
        sql.push_str(&format!("{comma}(?1, {})", numbers.join(", ")));
        params.extend(line(kind, event));
    }
    (sql, params)
}

const COLUMNS_OF_EACH: usize = 7;

fn line(kind: &str, event: &NewEvent) -> [Value; COLUMNS_OF_EACH] {
    let version = match event.expected {
        Expected::Any => None,
        Expected::Version(version) => Some(version + 1),
    };
    [
        format!("{kind}-{}", event.id).into(),
        version.into(),
        event.event_type.as_str().into(),
        event.schema.into(),
        event.at.into(),
        event.data.to_string().into(),
        event.dedup_key.as_deref().into(),
    ]
}
