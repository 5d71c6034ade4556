//! The queue: messages in, out to workers, and back.

mod cancel;
mod claim;
mod dead_letters;
mod enqueue;
mod facts;
mod hydrate;
mod lease;
mod list;
mod recover;
mod stats;
mod turns;
mod views;

pub use cancel::{cancel, reschedule};
pub use claim::{Job, claim, has_queued};
pub use dead_letters::{MANY_MAX, Many, RefusedOne, Which, dead_letters, discard, discard_many, replay, replay_many};
pub use enqueue::{Accepted, enqueue};
pub use hydrate::{Bundle, hydrate};
pub use lease::{Failed, complete, fail, heartbeat};
pub use list::{MessageItem, Page, messages};
pub use recover::recover_leases;
pub use stats::{QueueStats, stats};
pub use turns::{Appended, append_turns};
pub use views::{ConversationView, MessageView, TurnView, WaitsFor, conversation, message, turns};
