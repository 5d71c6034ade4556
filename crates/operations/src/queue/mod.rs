//! The queue: messages in, out to workers, and back.

mod claim;
mod enqueue;
mod facts;
mod hydrate;
mod lease;
mod recover;
mod stats;
mod turns;
mod views;

pub use claim::{Job, claim, has_queued};
pub use enqueue::{Accepted, enqueue};
pub use hydrate::{Bundle, hydrate};
pub use lease::{Failed, complete, fail, heartbeat};
pub use recover::recover_leases;
pub use stats::{QueueStats, stats};
pub use turns::{Appended, append_turns};
pub use views::{ConversationView, MessageView, TurnView, conversation, message, turns};
