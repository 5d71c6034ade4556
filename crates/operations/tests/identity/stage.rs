//! A database that can be told to crash, and to let the other side go first.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use clawstead_ledger::engines::native::NativeEngine;
use clawstead_ledger::{Engine, EngineError, Rows, Value};

pub(crate) struct Stage {
    engine: NativeEngine,
    crash_before: RefCell<Option<&'static str>>,
    in_turns: Cell<bool>,
}

impl Stage {
    pub(crate) fn new(engine: NativeEngine) -> Self {
        Self { engine, crash_before: RefCell::new(None), in_turns: Cell::new(false) }
    }

    /// The next statement that holds `text`, in itself or in a parameter, is not carried out.
    pub(crate) fn crash_before(&self, text: &'static str) {
        *self.crash_before.borrow_mut() = Some(text);
    }

    /// Of several that run at once, each does one statement and then lets the next one go: all read before any writes.
    pub(crate) fn take_turns(&self) {
        self.in_turns.set(true);
    }

    fn crashes(&self, sql: &str, params: &[Value]) -> bool {
        let mut crash_before = self.crash_before.borrow_mut();
        let Some(text) = *crash_before else {
            return false;
        };
        let in_params = params.iter().any(|param| matches!(param, Value::Text(param) if param.contains(text)));
        if sql.contains(text) || in_params {
            *crash_before = None;
            return true;
        }
        false
    }
}

impl Engine for Stage {
    async fn execute(&self, sql: &str, params: &[Value]) -> Result<Rows, EngineError> {
        if self.in_turns.get() {
            let mut waited = false;
            poll_fn(|context| {
                if std::mem::replace(&mut waited, true) {
                    return Poll::Ready(());
                }
                context.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
        }
        if self.crashes(sql, params) {
            return Err(EngineError("the test pulled the plug".to_owned()));
        }
        self.engine.execute(sql, params).await
    }

    async fn reopen(&self) -> Result<Self, EngineError> {
        Ok(Self::new(self.engine.reopen().await?))
    }

    async fn pause(&self, duration: Duration) {
        self.engine.pause(duration).await;
    }
}
