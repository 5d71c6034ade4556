//! Bindings: which Telegram account speaks for which user of a consumer app.

use serde::{Deserialize, Serialize};

use crate::DomainEvent;

/// Events of a binding's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum BindingEvent {
    /// An account was bound. The conversation is opaque and stays the same when the user binds again to the same agent.
    BindingMade {
        /// User of the consumer app.
        consumer_user_id: String,
        /// Agent the user talks to.
        agent_key: String,
        /// Where they talk.
        conversation_id: String,
        /// Bot the account writes to.
        bot_id: Option<String>,
        /// The account.
        telegram_user_id: Option<String>,
        /// Its private chat with the bot.
        telegram_chat_id: Option<String>,
        /// The pairing that made it, if one did.
        pairing_id: Option<String>,
    },
    /// The account no longer speaks for the user.
    BindingRevoked {
        /// Why: `rebound`, `operator`, …
        reason: String,
    },
}

impl DomainEvent for BindingEvent {
    const KIND: &'static str = "binding";
}

/// An active binding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Binding {
    /// Its id.
    pub binding_id: String,
    /// User of the consumer app.
    pub consumer_user_id: String,
    /// Agent the user talks to.
    pub agent_key: String,
    /// Where they talk.
    pub conversation_id: String,
    /// Bot the account writes to.
    pub bot_id: Option<String>,
    /// The account.
    pub telegram_user_id: Option<String>,
    /// Its private chat with the bot.
    pub telegram_chat_id: Option<String>,
    /// Since when.
    pub bound_at: i64,
    /// Version of its stream.
    #[serde(skip)]
    pub stream_version: i64,
}
