//! Telegram as clawstead sees it: what a bot sends ([`Bot`]) and what it receives ([`update`]).
//!
//! Shapes are those of Bot API 10.1, <https://core.telegram.org/bots/api>; only what we read is typed, and everything
//! else is ignored, so that a new field of Telegram's breaks nothing. What a message means to an agent is decided by
//! three pure functions: [`text_of`], [`media_of`] and [`start_command`].

mod answer;
mod bot;
mod carried;
mod error;
mod media;
mod methods;
mod outgoing;
mod safe;
mod start;
mod text;
mod token;
pub mod update;

pub use bot::Bot;
pub use error::TelegramError;
pub use media::{Media, MediaKind, media_of};
pub use methods::{BotFile, ParseMode, ReplyParameters, SendMessage, SetWebhook, WebhookInfo};
pub use outgoing::{TEXT_UNITS_MAX, split, split_html, without_markup};
pub use safe::{file_name, on_one_line};
pub use start::{Start, start_command};
pub use text::{content_of, speaker_of, text_of, written_of};
pub use token::{BadToken, BotToken};
