//! A database in a file of its own, a clock that stands still until told, and dice that always fall the same.

use std::cell::{Cell, OnceCell};

use clawstead_domain::agent::Configure;
use clawstead_domain::conversation::{Ending, Enqueue};
use clawstead_domain::worker::{DrainReason, WorkerEvent};
use clawstead_ledger::engines::native::NativeEngine;
use clawstead_ledger::{Durability, Engine, Expected, Ledger, VIEW_TABLES, Value};
use clawstead_operations::files::Objects;
use clawstead_operations::queue::{self, Accepted, Job};
use clawstead_operations::workers::{self, Registered, Worker};
use clawstead_operations::{Cx, OperationError, agents};
use clawstead_vault::KeyRing;
use futures::executor::block_on;
use tempfile::TempDir;

use crate::prepared::{Dice, dice, migrated};

pub(crate) const START: i64 = 1_700_000_000_000;

pub(crate) struct World {
    pub(crate) ledger: Ledger<NativeEngine>,
    pub(crate) keys: KeyRing,
    /// Where files are kept; while it is empty, in the database.
    pub(crate) objects: OnceCell<Objects>,
    now: Cell<i64>,
    entropy: Dice,
    pub(crate) folder: TempDir,
}

impl World {
    /// Migrated, with the agents `a` and `b`.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.db");
        std::fs::write(&file, migrated()).unwrap();
        let ledger = Ledger::new(block_on(NativeEngine::open(&file, Durability::Normal)).unwrap());
        let keys = KeyRing::parse("k:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        let world = Self { ledger, keys, objects: OnceCell::new(), now: Cell::new(START), entropy: dice(), folder };
        for agent in ["a", "b"] {
            block_on(agents::configure(&world.cx(), agent, &Configure::default())).unwrap();
        }
        world
    }

    pub(crate) fn cx(&self) -> Cx<'_, NativeEngine> {
        Cx {
            ledger: &self.ledger,
            now: self.now.get(),
            entropy: &*self.entropy,
            actor: "test:1".to_owned(),
            correlation: "c".to_owned(),
        }
    }

    pub(crate) fn now(&self) -> i64 {
        self.now.get()
    }

    pub(crate) fn pass(&self, ms: i64) {
        self.now.set(self.now.get() + ms);
    }

    pub(crate) fn enqueue(&self, conversation_id: &str, text: &str) -> Accepted {
        self.enqueue_as(&command(conversation_id, text), None).unwrap()
    }

    pub(crate) fn enqueue_as(&self, command: &Enqueue, key: Option<&str>) -> Result<Accepted, OperationError> {
        block_on(queue::enqueue(&self.cx(), command, key.map(str::to_owned)))
    }

    pub(crate) fn worker(&self) -> Registered {
        let registered = block_on(workers::register(&self.cx(), None)).unwrap();
        self.call(&registered);
        registered
    }

    /// An authenticated call: what the worker is now, its sign of life noted.
    pub(crate) fn call(&self, registered: &Registered) -> Option<Worker> {
        let found = block_on(workers::by_token(&self.cx(), &registered.token)).unwrap()?;
        block_on(workers::saw(&self.cx(), &found)).unwrap();
        block_on(workers::by_token(&self.cx(), &registered.token)).unwrap()
    }

    pub(crate) fn claim(&self, registered: &Registered) -> Option<Job> {
        let worker = self.call(registered)?;
        block_on(queue::claim(&self.cx(), &worker, None)).unwrap()
    }

    pub(crate) fn drain(&self, worker_id: &str) {
        let drain = WorkerEvent::DrainRequested { reason: DrainReason::Operator, deadline_at: self.now() + 60_000 };
        self.append_to_worker(worker_id, &drain);
    }

    pub(crate) fn append_to_worker(&self, worker_id: &str, event: &WorkerEvent) {
        block_on(self.cx().append(worker_id, Expected::Any, std::slice::from_ref(event))).unwrap();
    }

    pub(crate) fn agent(&self, agent_key: &str, enabled: bool) {
        let change = Configure { enabled: Some(enabled), ..Default::default() };
        block_on(agents::configure(&self.cx(), agent_key, &change)).unwrap();
    }

    pub(crate) fn recover(&self) -> i64 {
        block_on(queue::recover_leases(&self.cx(), 1_000)).unwrap()
    }

    pub(crate) fn status(&self, message_id: &str) -> String {
        block_on(queue::message(&self.cx(), message_id)).unwrap().status
    }

    /// A query's rows, as text.
    pub(crate) fn rows(&self, sql: &str) -> Vec<String> {
        let rows = block_on(self.ledger.engine().execute(sql, &[])).unwrap();
        rows.rows.iter().map(|row| format!("{row:?}")).collect()
    }

    /// The same, in an order that does not depend on how they were made.
    pub(crate) fn sorted_rows(&self, sql: &str) -> Vec<String> {
        let mut rows = self.rows(sql);
        rows.sort_unstable();
        rows
    }

    /// The first column of a query's rows, as text.
    pub(crate) fn texts(&self, sql: &str) -> Vec<String> {
        let rows = block_on(self.ledger.engine().execute(sql, &[])).unwrap();
        let text = |row: &Vec<Value>| match &row[0] {
            Value::Text(text) => text.clone(),
            other => format!("{other:?}"),
        };
        rows.rows.iter().map(text).collect()
    }

    /// Every row of every view, in an order that does not depend on how it was made.
    pub(crate) fn views(&self) -> Vec<String> {
        let of_table = |table: &&str| self.sorted_rows(&format!("SELECT '{table}', * FROM {table}"));
        VIEW_TABLES.iter().flat_map(of_table).collect()
    }
}

pub(crate) fn command(conversation_id: &str, text: &str) -> Enqueue {
    Enqueue {
        conversation_id: conversation_id.to_owned(),
        agent_key: "a".to_owned(),
        provider: "telegram".to_owned(),
        provider_user_id: "5".to_owned(),
        text: text.to_owned(),
        ..Enqueue::default()
    }
}

pub(crate) fn ending<'a>(worker: &'a Registered, job: &'a Job) -> Ending<'a> {
    Ending { worker_id: &worker.worker_id, message_id: &job.message_id, lease_id: &job.lease_id }
}

/// The code of a refusal.
pub(crate) fn code<T: std::fmt::Debug>(outcome: Result<T, OperationError>) -> &'static str {
    match outcome {
        Err(OperationError::Refused(refusal)) => refusal.code,
        other => panic!("{other:?} is no refusal"),
    }
}
