//! Spin's SQLite, from inside a component.

use std::time::Duration;

use spin_sdk::sqlite::wit::sqlite::Connection;
use spin_sdk::sqlite::{Error, Value as SpinValue};

use crate::engine::{Durability, Engine, EngineError};
use crate::value::{Rows, Value};

/// One connection to a database of the manifest.
pub struct SpinEngine {
    connection: Connection,
    database: String,
    durability: Durability,
}

impl std::fmt::Debug for SpinEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpinEngine")
            .field("database", &self.database)
            .field("durability", &self.durability)
            .finish_non_exhaustive()
    }
}

impl SpinEngine {
    /// Opens the database that the manifest calls `database`.
    ///
    /// # Errors
    /// When the component may not use it, or it cannot be opened.
    pub async fn open(database: &str, durability: Durability) -> Result<Self, EngineError> {
        let connection = Connection::open_async(database.to_owned()).await.map_err(|error| text_of(&error))?;
        let engine = Self { connection, database: database.to_owned(), durability };
        durability.apply(&engine).await?;
        Ok(engine)
    }
}

impl Engine for SpinEngine {
    async fn execute(&self, sql: &str, params: &[Value]) -> Result<Rows, EngineError> {
        let params: Vec<SpinValue> = params.iter().map(to_spin).collect();
        let sql = sql.to_owned();
        let (columns, rows) = if only_reads(&sql) {
            // A read waits for nobody, so that it costs others of this instance nothing to have it done in one call.
            let result = self.connection.execute(&sql, &params).map_err(|error| text_of(&error))?;
            (result.columns, result.rows)
        } else {
            let (columns, rows, outcome) = self.connection.execute_async(sql, params).await.map_err(|error| text_of(&error))?;
            // What has no columns has no rows either: not asking for them saves a turn of the host.
            let rows = if columns.is_empty() { Vec::new() } else { rows.collect().await };
            outcome.await.map_err(|error| text_of(&error))?;
            (columns, rows)
        };
        let rows = rows.into_iter().map(|row| row.values.into_iter().map(from_spin).collect()).collect();
        Ok(Rows { columns, rows })
    }

    async fn reopen(&self) -> Result<Self, EngineError> {
        Self::open(&self.database, self.durability).await
    }

    async fn pause(&self, duration: Duration) {
        spin_sdk::time::sleep(duration).await;
    }
}

fn only_reads(sql: &str) -> bool {
    sql.starts_with("SELECT ")
}

fn text_of(error: &Error) -> EngineError {
    EngineError(match error {
        Error::Io(text) => text.clone(),
        Error::DatabaseFull => "database or disk is full".to_owned(),
        other => format!("{other:?}"),
    })
}

fn to_spin(value: &Value) -> SpinValue {
    match value {
        Value::Null => SpinValue::Null,
        Value::Integer(integer) => SpinValue::Integer(*integer),
        Value::Real(real) => SpinValue::Real(*real),
        Value::Text(text) => SpinValue::Text(text.clone()),
        Value::Blob(bytes) => SpinValue::Blob(bytes.clone()),
    }
}

fn from_spin(value: SpinValue) -> Value {
    match value {
        SpinValue::Null => Value::Null,
        SpinValue::Integer(integer) => Value::Integer(integer),
        SpinValue::Real(real) => Value::Real(real),
        SpinValue::Text(text) => Value::Text(text),
        SpinValue::Blob(bytes) => Value::Blob(bytes),
    }
}
