//! What must be true, worked out without the database: a handful of maps.

use std::collections::HashMap;

use clawstead_domain::config::{LeasePolicy, QueuePolicy, RetryPolicy};
use clawstead_operations::queue::Job;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Queued,
    Processing,
    Done,
    DeadLetter,
    Cancelled,
    Discarded,
}

impl State {
    pub(super) fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Processing)
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Done => "done",
            Self::DeadLetter => "dead_letter",
            Self::Cancelled => "cancelled",
            Self::Discarded => "discarded",
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) conversation_id: String,
    pub(super) state: State,
    pub(super) attempts: i64,
    pub(super) deliveries: i64,
    pub(super) max_attempts: i64,
}

/// A job that was handed out, at any time.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) worker_id: String,
    pub(super) job: Job,
    pub(super) expires_at: i64,
    pub(super) completed: bool,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    /// Ids of the messages of each conversation, as they were accepted.
    pub(super) order: HashMap<String, Vec<String>>,
    pub(super) messages: HashMap<String, Message>,
    /// By conversation, the lease in its place.
    pub(super) leases: HashMap<String, String>,
    pub(super) handed_out: Vec<Held>,
    pub(super) keys: HashMap<u8, String>,
    /// Messages by conversation and the provider's id.
    pub(super) externals: HashMap<(String, u8), String>,
    /// Messages, as they were accepted, in all conversations.
    pub(super) accepted: Vec<String>,
    pub(super) turns: HashMap<String, i64>,
    pub(super) queue: QueuePolicy,
    pub(super) lease: LeasePolicy,
    pub(super) retry: RetryPolicy,
}

impl Model {
    pub(super) fn message(&mut self, message_id: &str) -> &mut Message {
        self.messages.get_mut(message_id).expect("an accepted message")
    }

    pub(super) fn accept(&mut self, message_id: &str, conversation_id: &str, max_attempts: Option<i64>) {
        let message = Message {
            conversation_id: conversation_id.to_owned(),
            state: State::Queued,
            attempts: 0,
            deliveries: 0,
            max_attempts: max_attempts.unwrap_or(self.retry.max_attempts),
        };
        assert!(self.messages.insert(message_id.to_owned(), message).is_none(), "accepted twice");
        self.order.entry(conversation_id.to_owned()).or_default().push(message_id.to_owned());
        self.accepted.push(message_id.to_owned());
    }

    /// How many of the messages of these conversations have not ended.
    pub(super) fn open(&self, of: impl Fn(&str) -> bool) -> i64 {
        self.messages.values().filter(|message| message.state.is_open() && of(&message.conversation_id)).count() as i64
    }

    /// A dead letter is a new message, at the end of its conversation.
    pub(super) fn replay(&mut self, message_id: &str) {
        let message = self.message(message_id);
        assert_eq!(message.state, State::DeadLetter);
        (message.state, message.attempts, message.deliveries) = (State::Queued, 0, 0);
        let conversation_id = message.conversation_id.clone();
        let order = self.order.get_mut(&conversation_id).expect("its conversation");
        order.retain(|id| id != message_id);
        order.push(message_id.to_owned());
    }

    /// The message that must be worked next: the oldest that has not ended.
    pub(super) fn head(&self, conversation_id: &str) -> Option<&str> {
        let ended = |id: &&String| !self.messages[*id].state.is_open();
        self.order.get(conversation_id)?.iter().find(|id| !ended(id)).map(String::as_str)
    }

    /// A worker was given a message: it must be the head of a conversation in which nothing is in flight.
    pub(super) fn hand_out(&mut self, worker_id: &str, job: Job) {
        assert_eq!(self.head(&job.conversation_id), Some(job.message_id.as_str()), "out of order");
        let taken = self.leases.insert(job.conversation_id.clone(), job.lease_id.clone());
        assert_eq!(taken, None, "two at once in {}", job.conversation_id);
        let message = self.message(&job.message_id);
        assert_eq!(message.state, State::Queued);
        message.state = State::Processing;
        message.deliveries += 1;
        let expires_at = job.lease_expires_at;
        self.handed_out.push(Held { worker_id: worker_id.to_owned(), job, expires_at, completed: false });
    }

    pub(super) fn is_live(&self, held: &Held, now: i64) -> bool {
        self.leases.get(&held.job.conversation_id) == Some(&held.job.lease_id) && held.expires_at > now
    }

    /// The lease of a conversation is over, and its message is what became of it.
    pub(super) fn end(&mut self, held: &Held, state: State) {
        self.leases.remove(&held.job.conversation_id);
        self.message(&held.job.message_id).state = state;
    }
}
