//! One try at one statement, on the thread that calls.

use rusqlite::ErrorCode;
use rusqlite::types::{ToSqlOutput, ValueRef};

use crate::bindings::spin::sqlite::sqlite::{Error, RowResult, Value};

/// The most bytes of rows that one statement may give, as in Spin: its rows are held in memory.
const RESULT_BYTES_MAX: usize = 128 << 20;

/// What a statement gave: rows may come before an error.
#[derive(Debug, Default)]
pub(crate) struct Executed {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<RowResult>,
    pub(crate) error: Option<Failure>,
}

impl Executed {
    pub(crate) fn failed(failure: Failure) -> Self {
        Self { error: Some(failure), ..Self::default() }
    }
}

/// Why a statement did not finish.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Another connection holds a lock that this one needs.
    pub(crate) busy: bool,
    /// SQLite's words, as Spin passes them on.
    pub(crate) text: String,
}

impl Failure {
    pub(crate) fn into_error(self) -> Error {
        Error::Io(self.text)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self { busy: error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy), text: error.to_string() }
    }
}

/// Whether the statement takes the write lock for itself: it changes the database, outside of a
/// transaction. Text that cannot be compiled takes no lock.
pub(crate) fn writes(connection: &rusqlite::Connection, text: &str) -> bool {
    connection.is_autocommit() && connection.prepare_cached(text).is_ok_and(|statement| !statement.readonly())
}

/// What `text` has set the setting to, if it is `PRAGMA <setting> = …`, for settings that give it as their row.
pub(crate) fn newly_set(setting: &str, text: &str, executed: &Executed) -> Option<i64> {
    let text = text.trim_start();
    let is_pragma = text.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("pragma"));
    if !is_pragma || !text.to_ascii_lowercase().contains(setting) || !text.contains(['=', '(']) {
        return None;
    }
    match executed.rows.first()?.values.first()? {
        Value::Integer(value) => Some(*value),
        _ => None,
    }
}

/// Runs `text` to its end.
pub(crate) fn execute(connection: &rusqlite::Connection, text: &str, parameters: &[Value]) -> Executed {
    let mut executed = Executed::default();
    executed.error = fill(connection, text, parameters, &mut executed).err();
    executed
}

fn fill(connection: &rusqlite::Connection, text: &str, parameters: &[Value], executed: &mut Executed) -> Result<(), Failure> {
    let mut statement = connection.prepare_cached(text)?;
    executed.columns = statement.column_names().map(str::to_owned).collect();
    let width = executed.columns.len();
    let mut rows = statement.query(rusqlite::params_from_iter(parameters.iter().map(Parameter)))?;
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let values: Vec<Value> = (0..width).map(|column| from_sqlite(row.get_ref(column)?)).collect::<Result<_, _>>()?;
        bytes += size_of::<RowResult>() + values.iter().map(size).sum::<usize>();
        if bytes > RESULT_BYTES_MAX {
            let text = format!("query result exceeds limit of {RESULT_BYTES_MAX} bytes");
            return Err(Failure { busy: false, text });
        }
        executed.rows.push(RowResult { values });
    }
    Ok(())
}

fn from_sqlite(value: ValueRef<'_>) -> Result<Value, Failure> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Real(real) => Value::Real(real),
        ValueRef::Text(bytes) => match str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(error) => return Err(Failure { busy: false, text: error.to_string() }),
        },
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_owned()),
    })
}

fn size(value: &Value) -> usize {
    let beyond = match value {
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
        Value::Null | Value::Integer(_) | Value::Real(_) => 0,
    };
    size_of::<Value>() + beyond
}

struct Parameter<'a>(&'a Value);

impl rusqlite::ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(integer) => ValueRef::Integer(*integer),
            Value::Real(real) => ValueRef::Real(*real),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}
