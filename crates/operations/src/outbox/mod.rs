//! The outbox: what we send to Telegram. It is an event first, and sent after that, at least once and in order within a chat: at
//! once after an answer, by the instance that gave it, and by the tick.

mod api;
mod place;
mod queue;
mod reply;
mod send;
mod stats;

pub use api::TelegramApi;
pub use place::Place;
pub use queue::{Queued, say};
pub use reply::{Reply, reply};
pub use send::send_due;
pub use stats::{OutboxStats, stats};
