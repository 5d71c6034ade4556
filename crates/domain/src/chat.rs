//! Chats that speak to an agent without a binding: groups, and strangers.

use serde::{Deserialize, Serialize};

use crate::DomainEvent;

/// Events of the stream of one chat with one agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum ChatEvent {
    /// Its first message was taken. The conversation is opaque, and that of no binding.
    ChatOpened {
        /// The bot that is spoken to.
        bot_id: String,
        /// Telegram's id of the chat.
        chat_id: String,
        /// The agent that is spoken to.
        agent_key: String,
        /// Where they talk.
        conversation_id: String,
    },
    /// A group became a supergroup, and has another id.
    ChatMoved {
        /// Telegram's new id of the chat.
        chat_id: String,
    },
}

impl DomainEvent for ChatEvent {
    const KIND: &'static str = "chat";
}
