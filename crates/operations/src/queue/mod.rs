//! The queue: messages in, out to workers, and back.

mod bridge;
mod cancel;
mod claim;
mod dead_letters;
mod enqueue;
mod facts;
mod gather;
mod history;
mod hydrate;
mod lease;
mod list;
mod metadata;
mod recover;
mod stats;
mod turns;
mod user_agent;
mod views;
mod wait;

pub use bridge::{BridgeRuntime, linking_secret, resolve_bridge};
pub use cancel::{cancel, reschedule};
pub use claim::{ClaimSpread, Job, Wish, claim, claim_among, has_queued};
pub use dead_letters::{MANY_MAX, Many, RefusedOne, Which, dead_letters, discard, discard_many, replay, replay_many};
pub use enqueue::{Accepted, enqueue};
pub(crate) use gather::gathering;
pub use history::HistoryRow;
pub use hydrate::{Bundle, hydrate};
pub use lease::{Failed, complete, fail, heartbeat};
pub use list::{MessageItem, Page, messages};
pub use metadata::attach_metadata;
pub use recover::recover_leases;
pub use stats::{QueueStats, stats};
pub use turns::{Appended, append_turns, conversation_in_hand};
pub use user_agent::{UserConversation, send_as_user, user_conversation, user_messages};
pub use views::{ConversationView, MessageView, TurnView, WaitsFor, conversation, message, turns};
pub use wait::{Patience, QueueWatch, claim_within};
