//! SQLite and key-value, statement by statement.

use crate::{Reply, text};
use serde_json::{Value as Json, json};
use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::http::{Request, StatusCode};
use spin_sdk::key_value::Store;
use spin_sdk::sqlite::{Connection, Error, Value};
use std::cell::RefCell;
use std::rc::Rc;

thread_local! {
    static CONNECTION: RefCell<Option<Rc<Connection>>> = const { RefCell::new(None) };
}

/// The connection of this instance, opened by its first request.
async fn connection() -> Result<Rc<Connection>, Error> {
    if let Some(open) = CONNECTION.with_borrow(Clone::clone) {
        return Ok(open);
    }
    let opened = Rc::new(Connection::open_default().await?);
    run(&opened, "PRAGMA journal_mode = WAL", []).await?;
    run(&opened, "PRAGMA synchronous = NORMAL", []).await?;
    run(&opened, "CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, word TEXT)", []).await?;
    CONNECTION.replace(Some(opened.clone()));
    Ok(opened)
}

async fn run<const N: usize>(connection: &Connection, statement: &str, parameters: [Value; N]) -> Result<(), Error> {
    connection.execute(statement, parameters).await?.collect().await.map(|_| ())
}

/// The benchmark's write: one small row.
pub(crate) async fn insert() -> Reply {
    let inserted = async {
        let connection = connection().await?;
        let word = Value::Text("a small row".to_owned());
        run(&connection, "INSERT INTO entry (word) VALUES (?)", [word]).await
    };
    match inserted.await {
        Ok(()) => text(StatusCode::OK, ""),
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:?}")),
    }
}

/// Runs the statements of the JSON body `[[sql, parameter, …], …]` on one new connection, and
/// gives the outcome of each.
pub(crate) async fn sql(request: Request) -> Reply {
    let statements = match statements(request).await {
        Ok(statements) => statements,
        Err(problem) => return text(StatusCode::BAD_REQUEST, problem),
    };
    let connection = match Connection::open_default().await {
        Ok(connection) => connection,
        Err(error) => return text(StatusCode::FORBIDDEN, format!("{error:?}")),
    };
    let mut outcomes = Vec::new();
    for (statement, parameters) in statements {
        outcomes.push(match outcome(&connection, &statement, parameters).await {
            Ok(outcome) => outcome,
            Err(error) => json!({ "error": format!("{error:?}") }),
        });
    }
    text(StatusCode::OK, Json::from(outcomes).to_string())
}

async fn outcome(connection: &Connection, statement: &str, parameters: Vec<Value>) -> Result<Json, Error> {
    let result = connection.execute(statement, parameters).await?;
    let columns = result.columns().to_vec();
    let rows = result.collect().await?;
    let rows: Vec<Vec<Json>> = rows.into_iter().map(|row| row.values.into_iter().map(to_json).collect()).collect();
    Ok(json!({
        "columns": columns,
        "rows": rows,
        "changes": connection.changes().await,
        "last_insert_rowid": connection.last_insert_rowid().await,
    }))
}

/// The same through the functions that are not asynchronous.
pub(crate) async fn sql_sync(request: Request) -> Reply {
    use spin_sdk::sqlite::wit::sqlite::Connection;
    let statements = match statements(request).await {
        Ok(statements) => statements,
        Err(problem) => return text(StatusCode::BAD_REQUEST, problem),
    };
    let connection = match Connection::open("default") {
        Ok(connection) => connection,
        Err(error) => return text(StatusCode::FORBIDDEN, format!("{error:?}")),
    };
    let mut outcomes = Vec::new();
    for (statement, parameters) in statements {
        outcomes.push(match connection.execute(&statement, &parameters) {
            Err(error) => json!({ "error": format!("{error:?}") }),
            Ok(result) => {
                let rows: Vec<Vec<Json>> =
                    result.rows.into_iter().map(|row| row.values.into_iter().map(to_json).collect()).collect();
                json!({
                    "columns": result.columns,
                    "rows": rows,
                    "changes": connection.changes(),
                    "last_insert_rowid": connection.last_insert_rowid(),
                })
            }
        });
    }
    text(StatusCode::OK, Json::from(outcomes).to_string())
}

async fn statements(request: Request) -> Result<Vec<(String, Vec<Value>)>, String> {
    let body = request.into_body().bytes().await.map_err(|error| format!("{error:?}"))?;
    let parsed: Vec<Vec<Json>> = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    parsed
        .into_iter()
        .map(|mut words| {
            if words.is_empty() {
                return Err("a statement is missing".to_owned());
            }
            let statement = words.remove(0).as_str().unwrap_or_default().to_owned();
            Ok((statement, words.into_iter().map(from_json).collect()))
        })
        .collect()
}

fn from_json(value: Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Integer(flag.into()),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Value::Integer(integer),
            None => Value::Real(number.as_f64().unwrap_or_default()),
        },
        Json::String(words) => Value::Text(words),
        Json::Array(bytes) => Value::Blob(bytes.iter().filter_map(Json::as_u64).map(|byte| byte as u8).collect()),
        Json::Object(_) => Value::Null,
    }
}

fn to_json(value: Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Integer(integer) => integer.into(),
        Value::Real(real) => real.into(),
        Value::Text(words) => words.into(),
        Value::Blob(bytes) => bytes.into(),
    }
}

/// Opens the database that the query names.
pub(crate) async fn open(name: &str) -> Reply {
    match Connection::open(name).await {
        Ok(_) => text(StatusCode::OK, ""),
        Err(error) => text(StatusCode::FORBIDDEN, format!("{error:?}")),
    }
}

/// Sets, reads, lists and deletes one key of the store that the query names.
pub(crate) async fn key_value(label: &str) -> Reply {
    let label = if label.is_empty() { "default" } else { label };
    let used = async {
        let store = Store::open(label).await?;
        let before = store.get("word").await?;
        store.set("word", "kept").await?;
        let after = store.get("word").await?;
        store.set("gone", "soon").await?;
        store.delete("gone").await?;
        let gone = store.exists("gone").await?;
        let keys = store.get_keys().await.collect().await?;
        let text = |bytes: Option<Vec<u8>>| bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ok::<_, spin_sdk::key_value::Error>(json!({ "before": text(before), "after": text(after), "gone": gone, "keys": keys }))
    };
    match used.await {
        Ok(seen) => text(StatusCode::OK, seen.to_string()),
        Err(error) => text(StatusCode::FORBIDDEN, format!("{error:?}")),
    }
}
