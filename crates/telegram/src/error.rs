use clawstead_transport::TransportError;
use thiserror::Error;

/// Why a call of the Bot API gave no result. Sorted by status code, never by wording; no variant contains the token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TelegramError {
    /// 401: the token is revoked or was never good.
    #[error("Telegram does not accept the bot token")]
    Unauthorized,
    /// 429: ask again only after this time.
    #[error("Telegram asks to wait {retry_after_ms} ms")]
    RetryAfter {
        /// How long to wait, in milliseconds.
        retry_after_ms: u64,
    },
    /// 403: the user blocked the bot, is gone, or never started it; or the group removed it. Repeating is pointless.
    #[error("Telegram forbids it: {0}")]
    Forbidden(String),
    /// Another 4xx: the request itself is refused, with Telegram's description.
    #[error("Telegram refuses the request: {0}")]
    BadRequest(String),
    /// 404: no such method, or a token that Telegram has never issued.
    #[error("Telegram does not know this bot or method")]
    NotFound,
    /// 5xx: trouble on Telegram's side.
    #[error("Telegram is unavailable (status {status})")]
    Unavailable {
        /// The HTTP status, or Telegram's own error code.
        status: u16,
    },
    /// There was no complete answer.
    #[error("no answer from Telegram: {0}")]
    Transport(#[from] TransportError),
    /// The answer is not what the Bot API promises.
    #[error("Telegram's answer cannot be read (status {status})")]
    Malformed {
        /// The HTTP status.
        status: u16,
    },
}

impl TelegramError {
    /// Whether Telegram may have done what was asked all the same. Sending a message again may then show it twice.
    #[must_use]
    pub fn effect_possible(&self) -> bool {
        match self {
            Self::Unauthorized | Self::RetryAfter { .. } | Self::Forbidden(_) | Self::BadRequest(_) | Self::NotFound => false,
            Self::Unavailable { .. } | Self::Malformed { .. } => true,
            Self::Transport(error) => error.effect_possible(),
        }
    }
}
