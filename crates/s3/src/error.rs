use clawstead_transport::TransportError;
use thiserror::Error;

/// Why a call did not happen. No variant holds a URL, a key of ours or the bytes of an object.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum S3Error {
    /// There was no whole answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The store said no.
    #[error("status {status}, {code}")]
    Refused {
        /// HTTP status; 200 when the refusal came after the head of the answer.
        status: u16,
        /// The store's word for it, such as `AccessDenied`; empty when it gave none.
        code: String,
    },
    /// The answer cannot be read.
    #[error("the answer cannot be read: {0}")]
    Malformed(&'static str),
}

impl S3Error {
    /// Whether the same call may do better later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Transport(error) => *error != TransportError::Denied,
            Self::Refused { status, code } => {
                *status >= 500 || *status == 429 || matches!(code.as_str(), "InternalError" | "SlowDown")
            }
            Self::Malformed(_) => false,
        }
    }

    /// Whether the store says that it has nothing there.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }
}
