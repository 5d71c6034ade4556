//! Appending: one statement, whatever the number of events.

use serde_json::json;

use crate::Ledger;
use crate::conflict::{Conflict, classify};
use crate::engine::{Engine, EngineError};
use crate::event::{Event, Expected, Meta, NewEvent};

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
        let sql = format!(
            "INSERT INTO {kind}_intake (stream, version, type, schema, at, data, meta, dedup_key) \
             SELECT e.value ->> '$.stream', e.value ->> '$.version', e.value ->> '$.type', e.value ->> '$.schema', \
             e.value ->> '$.at', e.value ->> '$.data', ?2, e.value ->> '$.dedup_key' FROM json_each(?1) e"
        );
        let lines: Vec<_> = events.iter().map(|event| line(kind, event)).collect();
        let params = [json!(lines).to_string().into(), json!(meta).to_string().into()];
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

fn line(kind: &str, event: &NewEvent) -> serde_json::Value {
    let version = match event.expected {
        Expected::Any => None,
        Expected::Version(version) => Some(version + 1),
    };
    json!({
        "stream": format!("{kind}-{}", event.id),
        "version": version,
        "type": event.event_type,
        "schema": event.schema,
        "at": event.at,
        "data": event.data,
        "dedup_key": event.dedup_key,
    })
}
