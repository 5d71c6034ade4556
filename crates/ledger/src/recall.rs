//! What was read of views that hardly ever change, kept until they do.
//!
//! Policies, agents and API keys are needed by nearly every request. One look at the view `settings_position`, once a request, says
//! whether anything of them has changed since they were read.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use crate::Ledger;
use crate::engine::{Engine, EngineError};
use crate::value::{Rows, Value};

/// When so many results are kept, all are forgotten: a caller who asks for ever new keys must not fill the memory.
const KEPT_MAX: usize = 256;

/// What is asked with longer parameters is not kept: these come from callers, before anybody has looked at their length.
const ASKED_BYTES_MAX: usize = 1_024;

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
        if asked.len() > ASKED_BYTES_MAX {
            return;
        }
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

    /// Runs a statement that reads the views of policies, agents and API keys and no others, or gives its result of an earlier time
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::native::NativeEngine;
    use crate::{Durability, Expected, Meta, NewEvent};
    use futures::executor::block_on;
    use serde_json::json;
    use tempfile::TempDir;

    const POLICIES: &str = "SELECT value FROM configs WHERE name = ?1";

    fn open(folder: &TempDir) -> Ledger<NativeEngine> {
        let file = folder.path().join("log.db");
        let ledger = Ledger::new(block_on(NativeEngine::open(&file, Durability::Normal)).expect("opened"));
        block_on(ledger.migrate("test", 1)).expect("migrated");
        ledger
    }

    fn set(ledger: &Ledger<NativeEngine>, priority: i64) {
        let event = NewEvent {
            id: "queue".to_owned(),
            expected: Expected::Any,
            event_type: "ConfigChanged".to_owned(),
            schema: 1,
            data: json!({ "value": priority }),
            at: 1,
            dedup_key: None,
        };
        let meta = Meta { actor: "operator:1".to_owned(), correlation: "c".to_owned(), causation: None };
        block_on(ledger.append("config", &[event], &meta)).expect("appended");
    }

    fn seen(ledger: &Ledger<NativeEngine>, request: &str) -> Option<String> {
        block_on(ledger.settled(request, POLICIES, &["queue".into()])).expect("read").first()?.text("value")
    }

    fn kept(ledger: &Ledger<NativeEngine>) -> usize {
        ledger.recall.as_ref().map_or(0, |recall| recall.results.borrow().len())
    }

    #[test]
    fn what_was_read_holds_for_the_request_and_until_it_changes() {
        let folder = tempfile::tempdir().expect("a folder");
        let (ledger, other) = (open(&folder).recalling(), open(&folder));
        set(&other, 1);
        assert_eq!((seen(&ledger, "a").as_deref(), kept(&ledger)), (Some("1"), 1));
        set(&other, 2);
        assert_eq!(seen(&ledger, "a").as_deref(), Some("1"), "one request sees one state");
        assert_eq!((seen(&ledger, "b").as_deref(), kept(&ledger)), (Some("2"), 1), "what is out of date is forgotten");
    }

    #[test]
    fn callers_cannot_fill_the_memory() {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = open(&folder).recalling();
        for number in 0..3 * KEPT_MAX {
            block_on(ledger.settled("a", POLICIES, &[number.to_string().into()])).expect("read");
            assert!(kept(&ledger) <= KEPT_MAX);
        }
        let before = kept(&ledger);
        block_on(ledger.settled("a", POLICIES, &["x".repeat(1 << 20).into()])).expect("read");
        assert_eq!(kept(&ledger), before);
    }
}
