//! An engine on which something else happens between the statements of a case.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use clawstead_ledger::{Engine, EngineError, Rows, Value};

type Answer = Pin<Box<dyn Future<Output = Result<(), EngineError>>>>;

/// Runs a hook before every statement, also of the connections opened from this one. A hook that fails makes the statement
/// fail unexecuted: a connection that is lost, or a process that dies, is a hook that fails from some statement on.
pub(crate) struct Staged<E> {
    inner: E,
    hook: Rc<dyn Fn(&str) -> Answer>,
}

impl<E> Staged<E> {
    pub(crate) fn new(inner: E, hook: impl Fn(&str) -> Answer + 'static) -> Self {
        Self { inner, hook: Rc::new(hook) }
    }
}

impl<E: Engine> Engine for Staged<E> {
    async fn execute(&self, sql: &str, params: &[Value]) -> Result<Rows, EngineError> {
        (self.hook)(sql).await?;
        self.inner.execute(sql, params).await
    }

    async fn reopen(&self) -> Result<Self, EngineError> {
        Ok(Self { inner: self.inner.reopen().await?, hook: self.hook.clone() })
    }

    async fn pause(&self, duration: Duration) {
        self.inner.pause(duration).await;
    }
}
