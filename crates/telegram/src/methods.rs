//! What the methods of the Bot API take and give, as far as we use them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Parameters of `setWebhook`.
#[derive(Clone, Serialize)]
pub struct SetWebhook {
    /// Where updates are to be delivered; `https`.
    pub url: String,
    /// Sent back with every update in `X-Telegram-Bot-Api-Secret-Token`; 1 to 256 characters of `A-Z a-z 0-9 _ -`.
    pub secret_token: String,
    /// The kinds of update to deliver. Always sent, because Telegram otherwise keeps an earlier list; empty means all
    /// kinds except `chat_member` and reactions.
    pub allowed_updates: Vec<String>,
    /// Whether to throw away what waits for delivery.
    pub drop_pending_updates: bool,
    /// Connections that Telegram may open at the same time, 1 to 100; its default is 40.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_connections: Option<u8>,
}

impl fmt::Debug for SetWebhook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SetWebhook")
            .field("url", &self.url)
            .field("allowed_updates", &self.allowed_updates)
            .field("drop_pending_updates", &self.drop_pending_updates)
            .field("max_connections", &self.max_connections)
            .finish_non_exhaustive()
    }
}

/// Answer of `getWebhookInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WebhookInfo {
    /// Where updates go; empty when no webhook is set.
    pub url: String,
    /// Updates that wait for delivery.
    pub pending_update_count: u64,
    /// When delivery last failed, in seconds since the epoch.
    pub last_error_date: Option<i64>,
    /// Why delivery last failed.
    pub last_error_message: Option<String>,
    /// Connections that Telegram may open at the same time.
    pub max_connections: Option<u16>,
    /// The kinds of update that are delivered; absent for Telegram's default.
    pub allowed_updates: Option<Vec<String>>,
}

/// Parameters of `sendMessage`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SendMessage {
    /// The chat to write to.
    pub chat_id: i64,
    /// The topic of a forum to write to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_thread_id: Option<i64>,
    /// The text, 1 to 4096 characters after its entities are parsed.
    pub text: String,
    /// How the text is marked up; plain when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parse_mode: Option<ParseMode>,
    /// The message that this one answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_parameters: Option<ReplyParameters>,
}

impl SendMessage {
    /// A plain text to a chat.
    #[must_use]
    pub fn plain(chat_id: i64, text: impl Into<String>) -> Self {
        Self { chat_id, message_thread_id: None, text: text.into(), parse_mode: None, reply_parameters: None }
    }
}

/// The markup of a text. Telegram refuses the whole message when the markup is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ParseMode {
    /// The small HTML subset of the Bot API.
    #[serde(rename = "HTML")]
    Html,
    /// Its Markdown, second version.
    MarkdownV2,
}

/// What a message answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ReplyParameters {
    /// The answered message, in the same chat.
    pub message_id: i64,
    /// Whether to send even if that message is gone.
    pub allow_sending_without_reply: bool,
}

/// Answer of `getFile`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BotFile {
    /// Id of the file for this bot.
    pub file_id: String,
    /// Id that is the same for every bot and cannot be used to fetch.
    pub file_unique_id: String,
    /// Size in bytes, if Telegram knows it.
    #[serde(rename = "file_size")]
    pub size_bytes: Option<u64>,
    /// Where to fetch it, below `<api base>/file/bot<token>/`; good for an hour.
    pub file_path: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct NoParameters {}

#[derive(Serialize)]
pub(crate) struct DeleteWebhook {
    pub(crate) drop_pending_updates: bool,
}

#[derive(Serialize)]
pub(crate) struct GetFile<'a> {
    pub(crate) file_id: &'a str,
}
