//! Conversations: a strict queue of messages each, with at most one in flight.

mod album;
mod attachment;
mod cancel;
mod claim;
mod dead_letter;
mod end;
mod enqueue;
mod event;
mod facts;
mod metadata;
mod turns;

pub use album::{Album, FetchTrouble, Fetching, FileNumber, Gathering, extend, fetch, gathered, not_fetched};
pub use attachment::{Attachment, AttachmentKind, Fetch};
pub use cancel::{cancel, reschedule};
pub use claim::{Claimant, claim};
pub use dead_letter::{discard, replay};
pub use end::{Ending, complete, fail, lose_lease};
pub use enqueue::{Enqueue, TEXT_BYTES_MAX, enqueue};
pub use event::{ConversationEvent, DeadLetterReason, Turn};
pub use facts::{Conversation, Lease, Message, Status, Waiting};
pub use metadata::{METADATA_ENTRIES_MAX, attach_metadata};
pub use turns::{NewTurn, Role, TURNS_MAX, append_turns};
