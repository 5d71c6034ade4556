//! The log, as it is in the database.

use std::path::Path;

use anyhow::{Context as _, Result};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use super::Findings;

/// One line.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) position: i64,
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) type_: String,
    pub(super) at: i64,
    pub(super) data: Value,
}

impl Event {
    /// A text of its data; empty when it has none of this name.
    pub(super) fn text(&self, name: &str) -> &str {
        self.data[name].as_str().unwrap_or_default()
    }

    /// A number of its data; 0 when it has none of this name.
    pub(super) fn number(&self, name: &str) -> i64 {
        self.data[name].as_i64().unwrap_or_default()
    }
}

/// All of it.
pub(super) fn read(database: &Path) -> Result<Vec<Event>> {
    let connection = open(database)?;
    let mut statement = connection.prepare("SELECT position, stream, type, at, data FROM events ORDER BY position")?;
    let rows = statement.query_map([], |row| {
        let stream: String = row.get(1)?;
        let data: String = row.get(4)?;
        let (kind, id) = stream.split_once('-').unwrap_or((&stream, ""));
        Ok(Event {
            position: row.get(0)?,
            kind: kind.to_owned(),
            id: id.to_owned(),
            type_: row.get(2)?,
            at: row.get(3)?,
            data: serde_json::from_str(&data).unwrap_or_default(),
        })
    })?;
    rows.collect::<Result<_, _>>().context("the log cannot be read")
}

/// Positions ascend without a gap.
pub(super) fn has_no_gaps(events: &[Event], findings: &mut Findings) {
    let gap = events.iter().zip(1..).find(|(event, position)| event.position != *position);
    if let Some((event, position)) = gap {
        findings.add("log-has-no-gaps", format!("{} stands where {position} should", event.position));
    }
}

/// A connection that changes nothing.
pub(super) fn open(database: &Path) -> Result<Connection> {
    Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).context("the database cannot be opened")
}
