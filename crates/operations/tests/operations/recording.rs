//! An engine that asks SQLite how it would carry out every statement, before it does.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use clawstead_ledger::engines::native::NativeEngine;
use clawstead_ledger::{Durability, Engine, EngineError, Rows, Value};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, StatementStatus, params_from_iter};

/// The plans of all statements so far.
pub(crate) type Plans = Rc<RefCell<BTreeMap<String, Vec<String>>>>;

pub(crate) struct Recording {
    inner: NativeEngine,
    asked: Connection,
    plans: Plans,
    file: PathBuf,
    /// Steps of SQLite's machine that reading took so far.
    pub(crate) steps: Cell<i32>,
}

impl Recording {
    pub(crate) async fn open(file: &Path, plans: &Plans) -> Result<Self, EngineError> {
        let asked = Connection::open(file).unwrap();
        // Without this, SQLite explains a statement without the triggers below it, and most of our SQL is in triggers.
        asked.set_db_config(DbConfig::SQLITE_DBCONFIG_TRIGGER_EQP, true).unwrap();
        let inner = NativeEngine::open(file, Durability::Normal).await?;
        Ok(Self { inner, asked, plans: plans.clone(), file: file.to_owned(), steps: Cell::new(0) })
    }

    /// Reads on its own, to count the steps.
    fn count_steps(&self, sql: &str, params: &[Value]) {
        let mut statement = self.asked.prepare(sql).unwrap();
        let params = params.iter().map(|value| match value {
            Value::Null => rusqlite::types::Value::Null,
            Value::Integer(number) => rusqlite::types::Value::Integer(*number),
            Value::Real(number) => rusqlite::types::Value::Real(*number),
            Value::Text(text) => rusqlite::types::Value::Text(text.clone()),
            Value::Blob(bytes) => rusqlite::types::Value::Blob(bytes.clone()),
        });
        let mut rows = statement.query(params_from_iter(params)).unwrap();
        while rows.next().unwrap().is_some() {}
        drop(rows);
        self.steps.set(self.steps.get() + statement.get_status(StatementStatus::VmStep));
    }

    fn plan(&self, sql: &str) -> Vec<String> {
        let mut statement = self.asked.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let lines = statement.raw_query().mapped(|row| row.get("detail")).collect::<Result<Vec<String>, _>>();
        lines.unwrap()
    }
}

impl Engine for Recording {
    async fn execute(&self, sql: &str, params: &[Value]) -> Result<Rows, EngineError> {
        if !self.plans.borrow().contains_key(sql) {
            let plan = self.plan(sql);
            self.plans.borrow_mut().insert(sql.to_owned(), plan);
        }
        if sql.starts_with("SELECT") {
            self.count_steps(sql, params);
        }
        self.inner.execute(sql, params).await
    }

    async fn reopen(&self) -> Result<Self, EngineError> {
        Self::open(&self.file, &self.plans).await
    }

    async fn pause(&self, duration: Duration) {
        self.inner.pause(duration).await;
    }
}
