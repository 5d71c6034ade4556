//! Why an operation did not happen.

use clawstead_domain::Refusal;
use clawstead_ledger::{AppendError, EngineError, Event};

/// Why an operation did not happen; nothing is half done then.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// The command is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Others were faster, every time.
    #[error("others changed the same thing at the same time")]
    Raced,
    /// It was done before; this is the event of the first time.
    #[error("it was done before")]
    Duplicate(Box<Event>),
    /// A rule across streams would be broken.
    #[error("it would break the rule {0}")]
    Rule(String),
    /// The database does not do it.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A view or an event is not as this release expects it.
    #[error("unexpected data: {0}")]
    Unexpected(String),
    /// A sealed value cannot be opened with the keys of this deployment.
    #[error("secret {secret_ref}: {cause}")]
    Vault {
        /// Which one.
        secret_ref: String,
        /// Why.
        cause: clawstead_vault::VaultError,
    },
    /// An outside API refused, or did not answer.
    #[error("{service}: {detail}")]
    Outside {
        /// `telegram` or `fly`.
        service: &'static str,
        /// What it said, without secrets.
        detail: String,
        /// Whether the request itself was at fault, so that repeating it is of no use.
        permanent: bool,
    },
}

impl From<AppendError> for OperationError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Version => Self::Raced,
            AppendError::Duplicate(event) => Self::Duplicate(event),
            AppendError::Rule(name) => Self::Rule(name),
            AppendError::Engine(error) => Self::Engine(error),
        }
    }
}

impl OperationError {
    /// For a column or a field that must be there and is not.
    pub(crate) fn unexpected(what: &str) -> Self {
        Self::Unexpected(what.to_owned())
    }
}
