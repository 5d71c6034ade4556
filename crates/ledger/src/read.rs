//! Reading the log: by stream, by position, by dedup key.

use crate::Ledger;
use crate::engine::{Engine, EngineError};
use crate::event::Event;
use crate::value::{Row, Rows, Value};

const COLUMNS: &str = "position, stream, version, type, schema, at, data, meta";

/// Which part of the log to read.
#[derive(Debug, Clone, Default)]
pub struct TailQuery {
    /// Events after this position; 0 for the beginning.
    pub after: i64,
    /// At most so many.
    pub limit: i64,
    /// Only this stream.
    pub stream: Option<String>,
    /// Only this type.
    pub event_type: Option<String>,
}

/// A page of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// In order of position.
    pub events: Vec<Event>,
    /// Hand this in as `after` for the next page.
    pub next_after: i64,
    /// Whether there was more when the page was read.
    pub has_more: bool,
}

impl<E: Engine> Ledger<E> {
    /// Position of the newest event; 0 for an empty log.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn head(&self) -> Result<i64, EngineError> {
        let rows = self.engine().execute("SELECT coalesce(max(position), 0) AS head FROM events", &[]).await?;
        Ok(rows.first().and_then(|row| row.integer("head")).unwrap_or(0))
    }

    /// Events of one stream after a version, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load(&self, stream: &str, after_version: i64, limit: i64) -> Result<Vec<Event>, EngineError> {
        let sql = format!("SELECT {COLUMNS} FROM events WHERE stream = ?1 AND version > ?2 ORDER BY version LIMIT ?3");
        let rows = self.engine().execute(&sql, &[stream.into(), after_version.into(), limit.into()]).await?;
        events(&rows)
    }

    /// The log by position, a page at a time.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tail(&self, query: &TailQuery) -> Result<Page, EngineError> {
        let mut params: Vec<Value> = vec![query.after.into(), (query.limit + 1).into()];
        let mut of = |column: &str, value: &str| {
            params.push(value.into());
            format!("{column} = ?{}", params.len())
        };
        let mut sql = format!("SELECT {COLUMNS} FROM events WHERE position > ?1");
        match (&query.stream, &query.event_type) {
            (None, None) => sql.push_str(" ORDER BY position"),
            (None, Some(event_type)) => sql.push_str(&format!(" AND {} ORDER BY position", of("type", event_type))),
            (Some(stream), event_type) => {
                sql = of_stream(&of("stream", stream), event_type.as_deref().map(|name| of("+type", name)));
            }
        }
        sql.push_str(" LIMIT ?2");
        let mut events = events(&self.engine().execute(&sql, &params).await?)?;
        let has_more = events.len() as i64 > query.limit;
        if has_more {
            events.pop();
        }
        let next_after = events.last().map_or(query.after, |event| event.position);
        Ok(Page { events, next_after, has_more })
    }

    /// The event that holds a dedup key: the first outcome of a repeated command.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn by_dedup_key(&self, key: &str) -> Result<Option<Event>, EngineError> {
        let sql = format!("SELECT {COLUMNS} FROM events WHERE dedup_key = ?1");
        let rows = self.engine().execute(&sql, &[key.into()]).await?;
        Ok(events(&rows)?.pop())
    }
}

/// In a stream, versions ascend as positions do. So a page is walked along the index by version, from the line that the page
/// before ended with; the plus signs keep SQLite from walking along another index and sorting.
fn of_stream(stream: &str, of_type: Option<String>) -> String {
    let and_type = of_type.map(|of_type| format!(" AND {of_type}")).unwrap_or_default();
    format!(
        "SELECT {COLUMNS} FROM events WHERE {stream} AND +position > ?1 AND version > coalesce((SELECT version FROM events \
         WHERE position = ?1 AND {stream}), 0){and_type} ORDER BY version"
    )
}

/// A line that cannot be read is an error: a reader that skipped it would believe to have seen everything.
fn events(rows: &Rows) -> Result<Vec<Event>, EngineError> {
    let unreadable = |row: &Row<'_>| EngineError(format!("the line at position {:?} cannot be read", row.integer("position")));
    rows.iter().map(|row| event(&row).ok_or_else(|| unreadable(&row))).collect()
}

fn event(row: &Row<'_>) -> Option<Event> {
    Some(Event {
        position: row.integer("position")?,
        stream: row.text("stream")?,
        version: row.integer("version")?,
        event_type: row.text("type")?,
        schema: row.integer("schema")?,
        at: row.integer("at")?,
        data: serde_json::from_str(&row.text("data")?).ok()?,
        meta: serde_json::from_str(&row.text("meta")?).ok()?,
    })
}
