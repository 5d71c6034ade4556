//! What was read of views that hardly ever change, kept until they do.
//!
//! Policies and agents are needed by nearly every request. One look at the view `settings_position`, once a request, says
//! whether anything of them has changed since they were read.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use crate::Ledger;
use crate::engine::{Engine, EngineError};
use crate::value::{Rows, Value};

/// When so many results are kept, all are forgotten: a caller who asks for ever new keys must not fill the memory.
const KEPT_MAX: usize = 256;

/// The kept results of one connection.
#[derive(Debug, Default)]
pub(crate) struct Recall {
    /// Of the view `settings_position`, when the results were read.
    position: Cell<i64>,
    /// The request that last looked.
    request: RefCell<String>,
    results: RefCell<HashMap<String, Rc<Rows>>>,
}

impl Recall {
    fn forget(&self, position: i64) {
        if self.position.replace(position) != position {
            self.results.borrow_mut().clear();
        }
    }

    fn keep(&self, asked: String, rows: &Rc<Rows>) {
        let mut results = self.results.borrow_mut();
        if results.len() >= KEPT_MAX {
            results.clear();
        }
        results.insert(asked, Rc::clone(rows));
    }
}

impl<E: Engine> Ledger<E> {
    /// Has the results of [`Ledger::settled`] kept from request to request.
    #[must_use]
    pub fn recalling(self) -> Self {
        Self { recall: Some(Recall::default()), ..self }
    }

    /// Runs a statement that reads the views of policies and agents and no others, or gives its result of an earlier time
    /// if nothing of them has changed. `request` names the request: within one, what is read stays the same. For facts that are decided
    /// on and shown, never for the version of a stream that is appended to.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn settled(&self, request: &str, sql: &str, params: &[Value]) -> Result<Rc<Rows>, EngineError> {
        let Some(recall) = &self.recall else { return Ok(Rc::new(self.engine.execute(sql, params).await?)) };
        if *recall.request.borrow() != request {
            let rows = self.engine.execute("SELECT position FROM settings_position WHERE slot = 1", &[]).await?;
            recall.forget(rows.first().and_then(|row| row.integer("position")).unwrap_or(0));
            request.clone_into(&mut recall.request.borrow_mut());
        }
        let asked = format!("{sql} {params:?}");
        if let Some(rows) = recall.results.borrow().get(&asked) {
            return Ok(Rc::clone(rows));
        }
        let position = recall.position.get();
        let rows = Rc::new(self.engine.execute(sql, params).await?);
        // Another request may have seen a change meanwhile.
        if recall.position.get() == position {
            recall.keep(asked, &rows);
        }
        Ok(rows)
    }
}
