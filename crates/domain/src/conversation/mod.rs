//! Conversations: a strict queue of messages each, with at most one in flight.

mod claim;
mod end;
mod enqueue;
mod event;
mod facts;
mod turns;

pub use claim::claim;
pub use end::{Ending, complete, fail, lose_lease};
pub use enqueue::{Enqueue, TEXT_BYTES_MAX, enqueue};
pub use event::{ConversationEvent, DeadLetterReason, Turn};
pub use facts::{Conversation, Lease, Message, Status, Waiting};
pub use turns::{NewTurn, Role, TURNS_MAX, append_turns};
