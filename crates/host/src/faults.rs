//! What a simulation lets go wrong between a guest and its databases.

use std::time::Duration;

use wasmtime::Error;

use crate::bindings::spin::sqlite::sqlite::Value;
use crate::sqlite::{Executed, Failure};

/// A trouble that one statement meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The statement is not run; the guest is told this.
    Fails(String),
    /// The statement is not run: another connection held the lock for as long as a statement waits.
    Busy,
    /// The statement is run so much later, by Tokio's clock: nothing of the process got on meanwhile.
    Late(Duration),
    /// The guest's instance ends before the statement, with all requests that it serves.
    KilledBefore,
    /// The statement is run, and the instance ends before it hears of it.
    KilledAfter,
}

/// A statement that a guest is about to run.
pub struct Statement<'a> {
    /// Whose it is.
    pub component: &'a str,
    /// Its text.
    pub sql: &'a str,
    pub(crate) parameters: &'a [Value],
}

impl<'a> Statement<'a> {
    /// Those of its parameters that are texts, in their order.
    pub fn texts(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.parameters.iter().filter_map(|value| match value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }
}

/// Decides which statements meet a trouble.
pub trait Faults: Send + Sync + 'static {
    /// Asked once for each statement of a guest, before it is run.
    fn statement(&self, statement: &Statement<'_>) -> Option<Fault>;
}

/// All goes well.
pub(crate) struct NoFaults;

impl Faults for NoFaults {
    fn statement(&self, _: &Statement<'_>) -> Option<Fault> {
        None
    }
}

/// Runs a statement, unless it meets a trouble.
///
/// # Errors
/// The instance must end.
pub(crate) async fn execute(fault: Option<Fault>, statement: impl Future<Output = Executed>) -> Result<Executed, Error> {
    let killed = || Error::msg("the instance was killed, as the faults of this host want it");
    match fault {
        None => Ok(statement.await),
        Some(Fault::Fails(text)) => Ok(Executed::failed(Failure { busy: false, text })),
        Some(Fault::Busy) => Ok(Executed::failed(Failure { busy: true, text: "database is locked".to_owned() })),
        Some(Fault::Late(by)) => {
            tokio::time::sleep(by).await;
            Ok(statement.await)
        }
        Some(Fault::KilledBefore) => Err(killed()),
        Some(Fault::KilledAfter) => {
            statement.await;
            Err(killed())
        }
    }
}
