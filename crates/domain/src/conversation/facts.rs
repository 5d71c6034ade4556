//! What a decision about a conversation needs to know.

/// State of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Waiting.
    Queued,
    /// In flight.
    Processing,
    /// Completed.
    Done,
    /// Given up.
    DeadLetter,
    /// Withdrawn.
    Cancelled,
    /// Given up, and put away by the operator.
    Discarded,
}

impl Status {
    /// The word for it, in views and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Done => "done",
            Self::DeadLetter => "dead_letter",
            Self::Cancelled => "cancelled",
            Self::Discarded => "discarded",
        }
    }

    /// All of them.
    pub const ALL: [Self; 6] = [Self::Queued, Self::Processing, Self::Done, Self::DeadLetter, Self::Cancelled, Self::Discarded];

    /// Whether no worker will ever have it, unless the operator replays it.
    pub fn is_ended(self) -> bool {
        !matches!(self, Self::Queued | Self::Processing)
    }

    /// The status behind a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its id.
    pub conversation_id: String,
    /// Version of its stream.
    pub stream_version: i64,
    /// Its agent.
    pub agent_key: String,
    /// Epoch of its newest lease; 0 for none yet.
    pub lease_epoch: i64,
    /// Number of turns so far.
    pub turn_count: i64,
    /// The lease in force or run out, if a message is in flight.
    pub lease: Option<Lease>,
}

/// A message in flight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The message.
    pub message_id: String,
    /// Proof of having it.
    pub lease_id: String,
    /// Who has it.
    pub worker_id: String,
    /// When it ends, renewals included.
    pub expires_at: i64,
}

/// A message, as far as decisions look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub message_id: String,
    /// Its state.
    pub status: Status,
    /// 0 to 100.
    pub priority: i64,
    /// Failures so far.
    pub attempts: i64,
    /// How often it was handed out.
    pub deliveries: i64,
    /// Failures that end it.
    pub max_attempts: i64,
    /// The lease it has or had last.
    pub lease_id: Option<String>,
    /// Who has it or had it last.
    pub worker_id: Option<String>,
}

/// The head of a conversation that waits for a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The message.
    pub message_id: String,
    /// Not before.
    pub ready_at: i64,
    /// How often it was handed out.
    pub deliveries: i64,
}

#[cfg(test)]
pub(super) mod fixture {
    use super::{Message, Status};

    /// The message `m`, once in the hands of worker `w` under the lease `l`.
    pub(crate) fn message(status: Status) -> Message {
        Message {
            message_id: "m".into(),
            status,
            priority: 50,
            attempts: 0,
            deliveries: 1,
            max_attempts: 2,
            lease_id: Some("l".into()),
            worker_id: Some("w".into()),
        }
    }
}
