//! SQLite in this process, for native tests and tools.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::types::{Value as SqlValue, ValueRef};

use crate::engine::{Durability, Engine, EngineError};
use crate::value::{Rows, Value};

/// One connection to a database file.
#[derive(Debug)]
pub struct NativeEngine {
    connection: Connection,
    file: PathBuf,
    durability: Durability,
}

impl NativeEngine {
    /// Opens `file`, which is made if it is missing, with the busy timeout that Spin sets.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub async fn open(file: &Path, durability: Durability) -> Result<Self, EngineError> {
        let connection = Connection::open(file).map_err(|error| text_of(&error))?;
        connection.busy_timeout(Duration::from_secs(5)).map_err(|error| text_of(&error))?;
        connection.set_prepared_statement_cache_capacity(128);
        // Or SQLite plans by the values of parameters, and compiles a kept statement anew each time it is used.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(|error| text_of(&error))?;
        let engine = Self { connection, file: file.to_owned(), durability };
        durability.apply(&engine).await?;
        Ok(engine)
    }

    fn run(&self, sql: &str, params: &[Value]) -> rusqlite::Result<Rows> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let params = rusqlite::params_from_iter(params.iter().map(to_sql));
        let mut found = statement.query(params)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            rows.push((0..columns.len()).map(|index| row.get_ref(index).map(from_sql)).collect::<Result<_, _>>()?);
        }
        Ok(Rows { columns, rows })
    }
}

impl Engine for NativeEngine {
    async fn execute(&self, sql: &str, params: &[Value]) -> Result<Rows, EngineError> {
        self.run(sql, params).map_err(|error| text_of(&error))
    }

    async fn reopen(&self) -> Result<Self, EngineError> {
        Self::open(&self.file, self.durability).await
    }

    async fn pause(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

fn text_of(error: &rusqlite::Error) -> EngineError {
    EngineError(error.to_string())
}

fn to_sql(value: &Value) -> SqlValue {
    match value {
        Value::Null => SqlValue::Null,
        Value::Integer(integer) => SqlValue::Integer(*integer),
        Value::Real(real) => SqlValue::Real(*real),
        Value::Text(text) => SqlValue::Text(text.clone()),
        Value::Blob(bytes) => SqlValue::Blob(bytes.clone()),
    }
}

fn from_sql(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Real(real) => Value::Real(real),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}
