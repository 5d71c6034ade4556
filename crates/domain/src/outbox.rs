//! The outbox: what we send to Telegram. One stream for each message that Telegram is to show.

mod decide;

use serde::{Deserialize, Serialize};

use crate::DomainEvent;

pub use decide::{NewReply, Part, Said, after, attempt, no_bot, queue};

/// Longest text of one reply, bytes; it becomes as many messages as it needs.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;
/// So many messages may wait for one chat; the next reply is refused.
pub const CHAT_WAITING_MAX: i64 = 500;
/// What could not be sent within this time is given up.
pub const GIVE_UP_AFTER_MS: i64 = 86_400_000;
/// An attempt of which nothing was heard for so long has failed: longer than any call takes.
pub const ATTEMPT_MS: i64 = 60_000;

/// How a text is marked up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Not at all.
    #[default]
    Plain,
    /// The small HTML of the Bot API.
    Html,
}

impl Format {
    /// The word for it, in views.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Html => "html",
        }
    }

    /// The format behind a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Plain, Self::Html].into_iter().find(|format| format.as_str() == word)
    }
}

/// Events of the stream of one message to a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum OutboxEvent {
    /// It is to be sent. Messages to a chat go in the order of these events.
    ReplyQueued {
        /// The bot that sends it.
        bot_id: String,
        /// Telegram's id of the chat.
        chat_id: String,
        /// The topic of the chat.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thread_id: Option<i64>,
        /// At most as much as one message holds.
        text: String,
        /// How it is marked up.
        format: Format,
        /// Which part of the reply it is, from 1.
        part: i64,
        /// In so many parts.
        parts: i64,
        /// The message that it answers, if it answers one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message_id: Option<String>,
        /// The lease under which it was handed over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lease_id: Option<String>,
        /// SHA-256 of what a worker asked for with an idempotency key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_hash: Option<String>,
        /// Given up at that instant.
        give_up_at: i64,
        /// So many messages may wait for the chat, this one included.
        chat_waiting_max: i64,
    },
    /// It is about to be sent. If nothing is heard of that, it is sent again.
    ReplyAttempted {
        /// How often, this time included.
        attempt: i64,
        /// Again at that instant, if nothing is heard.
        retry_at: i64,
    },
    /// Telegram shows it.
    ReplySent {
        /// Telegram's number of it, unique in its chat.
        telegram_message_id: i64,
    },
    /// It waits.
    ReplyPostponed {
        /// Why.
        reason: Postponed,
        /// Not before.
        retry_at: i64,
    },
    /// Telegram refuses its markup; it is sent without.
    ReplyMadePlain {},
    /// It is not sent.
    ReplyGivenUp {
        /// Why.
        reason: GivenUp,
    },
}

impl DomainEvent for OutboxEvent {
    const KIND: &'static str = "outbox";
}

/// Why a message waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Postponed {
    /// Telegram asks to wait.
    RetryAfter,
    /// Telegram did not answer, or nobody knows what it answered.
    NoAnswer,
    /// Telegram does not accept the bot's token.
    TokenRefused,
}

/// Why a message is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GivenUp {
    /// The user blocked the bot, or the bot was removed from the group.
    Blocked,
    /// Telegram does not take it.
    Refused,
    /// It could not be sent in time.
    TooLate,
    /// Its bot is linked no longer.
    NoBot,
}

/// A message that is not sent yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its stream.
    pub reply_id: String,
    /// Version of its stream.
    pub stream_version: i64,
    /// The bot that sends it.
    pub bot_id: String,
    /// Telegram's id of the chat.
    pub chat_id: String,
    /// How it is marked up now.
    pub format: Format,
    /// Attempts so far.
    pub attempts: i64,
    /// Given up at that instant.
    pub give_up_at: i64,
}
