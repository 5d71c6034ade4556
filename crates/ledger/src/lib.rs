//! The append-only log and the views that follow it.
//!
//! An append is one SQL statement: the events enter through the intake of their stream kind, and triggers change every
//! view with them. Nothing here reads the clock or makes an id; both are parameters.
//!
//! Two engines run the same SQL: [`engines::spin`] inside a component, [`engines::native`] in tests and tools.

mod append;
mod conflict;
mod engine;
pub mod engines;
mod event;
mod lock;
mod migrate;
mod migrations;
mod read;
mod rebuild;
mod recall;
mod script;
mod value;

pub use append::AppendError;
pub use conflict::Conflict;
pub use engine::{Durability, Engine, EngineError};
pub use event::{Event, Expected, Meta, NewEvent, dedup_key};
pub use lock::Lock;
pub use migrate::MigrateError;
pub use migrations::{KINDS, SCHEMA_VERSION, VIEW_TABLES};
pub use read::{Page, TailQuery};
pub use rebuild::{RebuildError, Rebuilt};
pub use value::{Row, Rows, Value};

/// Is told of every append that went through.
pub type Observer = fn(kind: &str, events: &[NewEvent], meta: &Meta);

/// The log and its views, on one connection of an engine.
#[derive(Debug)]
pub struct Ledger<E> {
    engine: E,
    recall: Option<recall::Recall>,
    observer: Option<Observer>,
}

impl<E: Engine> Ledger<E> {
    /// A ledger over an open connection. [`Ledger::migrate`] must have run on its database once.
    pub fn new(engine: E) -> Self {
        Self { engine, recall: None, observer: None }
    }

    /// Has every append that goes through told to `observer`, for log lines.
    #[must_use]
    pub fn observed_by(self, observer: Observer) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// The connection, for reads of views and for operational rows. Views are never written through it.
    pub fn engine(&self) -> &E {
        &self.engine
    }
}
