//! Updates that Telegram delivers.

mod authenticate;
mod message;
mod receive;

use serde::Serialize;

pub use authenticate::{IngressBot, authenticate};
pub use receive::receive;

/// What became of an update. All of these are final: Telegram must not deliver it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It is a message in the queue.
    Enqueued {
        /// The message.
        message_id: String,
    },
    /// It was a message in the queue before.
    Duplicate {
        /// The message of the first time.
        message_id: String,
    },
    /// Its sender is bound to a user, now or by an earlier delivery of it.
    Paired,
    /// Its sender wants something that is not granted.
    Refused {
        /// Why; a stable name.
        reason: &'static str,
    },
    /// It asks for nothing that we do.
    Ignored {
        /// Why; a stable name.
        reason: &'static str,
    },
}
