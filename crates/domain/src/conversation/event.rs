//! What happens in a conversation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::album::Album;
use super::attachment::Attachment;
use super::turns::Role;
use crate::DomainEvent;

/// Events of a conversation's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum ConversationEvent {
    /// A message was accepted. Its place in the conversation is the version of this event.
    MessageEnqueued {
        /// Its id.
        message_id: String,
        /// The agent that must handle it.
        agent_key: String,
        /// Where it came from, for instance `telegram`.
        provider: String,
        /// Who wrote it, as the provider knows them; also where the answer goes.
        provider_user_id: String,
        /// What was written.
        text: String,
        /// The provider's id of it. Accepted once in a conversation and from a provider.
        external_id: Option<String>,
        /// SHA-256 of the request that carried an idempotency key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_hash: Option<String>,
        /// What the worker needs besides.
        metadata: BTreeMap<String, String>,
        /// Files that belong to it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attachments: Vec<Attachment>,
        /// The template that the text is from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        template_id: Option<String>,
        /// The album that it is the first part of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        album: Option<Album>,
        /// 0 to 100.
        priority: i64,
        /// Dead-lettered after so many failures.
        max_attempts: i64,
        /// Not before.
        ready_at: i64,
        /// Conversations are served by the rank of their head, smallest first.
        rank: i64,
        /// So many messages that have not ended its conversation may hold, this one included.
        conversation_messages_max: i64,
        /// So many messages that have not ended its agent may have, this one included.
        agent_messages_max: i64,
    },
    /// A worker has it.
    MessageClaimed {
        /// The message.
        message_id: String,
        /// Who has it.
        worker_id: String,
        /// Proof of having it.
        lease_id: String,
        /// Grows with every lease of the conversation.
        epoch: i64,
        /// How often it was handed out, this time included.
        delivery: i64,
        /// The lease ends then, unless it is renewed.
        expires_at: i64,
        /// What the worker called this claim, to ask for its outcome again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        claim_key: Option<String>,
    },
    /// The holder has done it.
    MessageCompleted {
        /// The message.
        message_id: String,
        /// Who did it.
        worker_id: String,
        /// By which lease.
        lease_id: String,
    },
    /// The holder gave up.
    MessageFailed {
        /// The message.
        message_id: String,
        /// Who had it.
        worker_id: String,
        /// By which lease.
        lease_id: String,
        /// Failures so far, this one included.
        attempts: i64,
        /// What the holder said.
        error: String,
        /// The next try is not before.
        ready_at: i64,
        /// Rank of the next try.
        rank: i64,
    },
    /// The holder was not heard of in time.
    LeaseLost {
        /// The message.
        message_id: String,
        /// Who had it.
        worker_id: String,
        /// By which lease.
        lease_id: String,
        /// Failures so far; a lost lease is none.
        attempts: i64,
        /// What is shown as its last error.
        error: String,
        /// The next try is not before.
        ready_at: i64,
        /// Rank of the next try.
        rank: i64,
    },
    /// No more tries. Follows the failure or the loss that was the last one.
    MessageDeadLettered {
        /// The message.
        message_id: String,
        /// Which limit was reached.
        reason: DeadLetterReason,
    },
    /// Withdrawn. If a worker had it, the lease ended with it.
    MessageCancelled {
        /// The message.
        message_id: String,
        /// Who had it.
        worker_id: Option<String>,
        /// By which lease.
        lease_id: Option<String>,
    },
    /// It waits for another time, at its place in the conversation.
    MessageRescheduled {
        /// The message.
        message_id: String,
        /// Not before.
        ready_at: i64,
        /// Rank at that time.
        rank: i64,
    },
    /// A dead letter was accepted anew, with no attempt and no delivery yet. Its place in the conversation is the version of
    /// this event.
    DeadLetterReplayed {
        /// The message.
        message_id: String,
        /// Not before.
        ready_at: i64,
        /// Its rank.
        rank: i64,
    },
    /// The provider told of a message again, under an idempotency key that had not come before. The key is this event's, so
    /// that it cannot come again for another message.
    MessageRepeated {
        /// The message of the first time.
        message_id: String,
        /// Fingerprint of the request that came with the key.
        request_hash: Option<String>,
    },
    /// A dead letter was put away.
    DeadLetterDiscarded {
        /// The message.
        message_id: String,
    },
    /// What was said, by the user, the agent or a tool.
    TurnsAppended {
        /// The message they belong to.
        message_id: String,
        /// The lease under which they were said.
        lease_id: String,
        /// In order.
        turns: Vec<Turn>,
        /// Turns of the conversation, these included.
        turns_total: i64,
    },
    /// A worker found out more about a message; what is new wins.
    MetadataAttached {
        /// The message.
        message_id: String,
        /// What is new.
        metadata: BTreeMap<String, String>,
    },
    /// Another part of an album came, before a worker had the message.
    AlbumExtended {
        /// The message.
        message_id: String,
        /// What is written under it.
        text: Option<String>,
        /// Its files.
        attachments: Vec<Attachment>,
        /// What comes later is a message of its own.
        closes_at: i64,
    },
    /// A file of a message is about to be fetched. If nothing is heard of that, it is fetched again.
    FileFetchBegun {
        /// The message.
        message_id: String,
        /// Its place among the attachments, from 0.
        number: i64,
        /// Where its bytes are to be kept.
        file_id: String,
        /// How often, this time included.
        attempt: i64,
        /// Again at that instant, if nothing is heard.
        retry_at: i64,
    },
    /// A file of a message is here.
    FileFetched {
        /// The message.
        message_id: String,
        /// Its place among the attachments, from 0.
        number: i64,
        /// Where its bytes are.
        file_id: String,
        /// Number of its bytes.
        size_bytes: i64,
    },
    /// A file of a message did not come.
    FileFetchFailed {
        /// The message.
        message_id: String,
        /// Its place among the attachments, from 0.
        number: i64,
        /// A stable name for why.
        error: String,
        /// It is tried again then; `None` when it is given up.
        retry_at: Option<i64>,
    },
}

impl DomainEvent for ConversationEvent {
    const KIND: &'static str = "conversation";
}

/// Why a message is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterReason {
    /// It failed too often.
    Attempts,
    /// Its lease was lost too often: it may kill its workers.
    Deliveries,
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Its number in the conversation: 1, 2, 3 …
    pub turn_no: i64,
    /// Who.
    pub role: Role,
    /// What.
    pub content: String,
    /// When, as the worker says.
    pub at: i64,
}
