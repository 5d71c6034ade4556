//! What every engine of the ledger must do, as one suite.
//!
//! Natively a test runs it on rusqlite. For wasm this crate is a Spin component that runs it on Spin's SQLite and answers
//! with a report. An engine that passes may carry the ledger.
//!
//! Cases return their failure instead of panicking, because a panic in a component ends it and takes the name along.

#[macro_use]
mod check;
mod cases;
#[cfg(target_arch = "wasm32")]
mod component;
mod scene;
mod staged;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use clawstead_ledger::{Engine, EngineError};
use serde::{Deserialize, Serialize};

pub use cases::cases;

/// What a case found.
pub type Checked = Result<(), Box<dyn std::error::Error>>;

type Run<E> = for<'a> fn(&'a E) -> Pin<Box<dyn Future<Output = Checked> + 'a>>;

/// One thing that an engine must do.
pub struct Case<E> {
    /// What it is.
    pub name: &'static str,
    run: Run<E>,
}

impl<E> fmt::Debug for Case<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Case").field(&self.name).finish()
    }
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Which case.
    pub name: String,
    /// What is wrong; `None` when nothing is.
    pub failure: Option<String>,
}

impl<E: Engine> Case<E> {
    /// Empties the database and runs the case on it.
    pub async fn report(&self, engine: &E) -> Report {
        let outcome = match wipe(engine).await {
            Ok(()) => (self.run)(engine).await,
            Err(error) => Err(error.into()),
        };
        Report { name: self.name.to_owned(), failure: outcome.err().map(|error| error.to_string()) }
    }
}

/// Drops whatever the last case left, the log with its guards included.
async fn wipe<E: Engine>(engine: &E) -> Result<(), EngineError> {
    let all =
        "SELECT type, name FROM sqlite_schema WHERE type IN ('view', 'table') AND name NOT LIKE 'sqlite_%' ORDER BY type DESC";
    for row in engine.execute(all, &[]).await?.iter() {
        let (Some(sort), Some(name)) = (row.text("type"), row.text("name")) else {
            continue;
        };
        engine.execute(&format!("DROP {sort} {name}"), &[]).await?;
    }
    Ok(())
}
