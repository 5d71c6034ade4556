//! Stored bytes: in through a signed link, out through another, and gone when nobody owns them.
//!
//! Bytes are operational rows, not events: what an event says of a file (its id, size and SHA-256) is found out while the
//! bytes arrive.

mod attach;
mod collect;
mod link;
mod links;
mod media;
mod receive;
mod row;
mod s3;
mod send;
mod sqlite;
mod store;
mod stores;
mod take_in;

pub use attach::{NewAttachment, Shown, attach, enqueue_with, expect_attachment, shown};
pub use collect::collect;
pub use link::{Action, Link, LinkError};
pub use links::Links;
pub(crate) use media::conversation_owner;
pub use media::{ExpectedFile, expect_media, file_url};
pub use receive::{Broken, Incoming, receive, sign_of_life};
pub use row::{FileKind, NewFile, StoredFile, expect, stored};
pub use s3::{Objects, S3Store};
pub use send::{Outgoing, open};
pub use sqlite::SqliteStore;
pub use store::{Place, Store, Trace};
pub use stores::Stores;
pub(crate) use take_in::take_in;
