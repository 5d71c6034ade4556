//! Updates that Telegram delivers.

mod album;
mod answer;
mod authenticate;
mod chats;
mod counters;
mod fetch;
mod message;
mod receive;
mod speaker;

use serde::Serialize;

pub use authenticate::{IngressBot, authenticate};
pub use counters::{UpdateCount, count, counts};
pub use fetch::fetch_due;
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
    /// It is another part of a message in the queue.
    Added {
        /// The message.
        message_id: String,
    },
    /// It was taken before.
    Duplicate {
        /// The message of the first time.
        message_id: String,
    },
    /// Its sender is bound to a user, now or by an earlier delivery of it.
    Paired,
    /// It says something of a chat, which was written down.
    Noted {
        /// What; a stable name.
        what: &'static str,
    },
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

impl Outcome {
    /// Its name in counters; one of few.
    pub fn name(&self) -> String {
        match self {
            Self::Enqueued { .. } => "enqueued".to_owned(),
            Self::Added { .. } => "added".to_owned(),
            Self::Duplicate { .. } => "duplicate".to_owned(),
            Self::Paired => "paired".to_owned(),
            Self::Noted { what } => format!("noted:{what}"),
            Self::Refused { reason } => format!("refused:{reason}"),
            Self::Ignored { reason } => format!("ignored:{reason}"),
        }
    }
}

/// An update that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// What sort of update it is, by its name in the Bot API; `malformed` for what is none, or was not read.
    pub kind: &'static str,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether something is now to be sent to Telegram or fetched from there.
    pub calls_telegram: bool,
}

impl Received {
    /// An update that is longer than we read. It will be as long when it comes again.
    pub const TOO_LONG: Self = Self::unread("too_long");

    pub(crate) const fn unread(reason: &'static str) -> Self {
        Self { kind: "malformed", outcome: Outcome::Ignored { reason }, calls_telegram: false }
    }
}
