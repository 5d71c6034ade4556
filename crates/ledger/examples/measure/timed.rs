//! An engine that notes how long its transactions take.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use clawstead_ledger::engines::native::NativeEngine;
use clawstead_ledger::{Engine, EngineError, Rows, Value};

use crate::bench::{Cost, Mark};

pub(crate) struct Timed {
    pub(crate) inner: NativeEngine,
    pub(crate) begun: Rc<Cell<Option<Mark>>>,
    pub(crate) took: Rc<Cell<Option<Cost>>>,
}

impl Engine for Timed {
    async fn execute(&self, sql: &str, params: &[Value]) -> Result<Rows, EngineError> {
        let outcome = self.inner.execute(sql, params).await;
        if sql.starts_with("BEGIN") {
            self.begun.set(Some(Mark::now()));
        }
        if let (true, Some(begun)) = (sql == "COMMIT", self.begun.get()) {
            self.took.set(Some(begun.cost()));
        }
        outcome
    }

    async fn reopen(&self) -> Result<Self, EngineError> {
        Ok(Self { inner: self.inner.reopen().await?, begun: self.begun.clone(), took: self.took.clone() })
    }

    async fn pause(&self, duration: Duration) {
        self.inner.pause(duration).await;
    }
}
