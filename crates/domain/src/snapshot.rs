//! Snapshots: what a worker knew of a conversation, packed up so that the next one can go on from there.
//!
//! One stream per upload. It ends in `ready`, `failed` or `expired`; a good one may expire later, and nothing else ever
//! changes: what failed is never revived, what is good is never made bad.

mod end;
mod event;
mod start;
#[cfg(test)]
mod tests;

use crate::Refusal;

pub use end::{ERROR_BYTES_MAX, Figures, expire, fail, finish};
pub use event::{Expiry, Reason, SnapshotEvent};
pub use start::{Assignment, Start, offer, start};

/// Where a snapshot is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Its bytes are awaited.
    Uploading,
    /// Its bytes are here, and are what the worker says they are.
    Ready,
    /// The worker gave up.
    Failed,
    /// Its bytes did not come in time, or it is too old.
    Expired,
}

impl Status {
    /// The word for it, in views and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uploading => "uploading",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }

    /// The status behind a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Uploading, Self::Ready, Self::Failed, Self::Expired].into_iter().find(|status| status.as_str() == word)
    }
}

/// A snapshot, as far as decisions look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its id.
    pub snapshot_id: String,
    /// Version of its stream.
    pub stream_version: i64,
    /// The worker that makes it.
    pub worker_id: String,
    /// Where it is in its life.
    pub status: Status,
    /// The file that holds its bytes.
    pub file_id: String,
    /// Its upload must be finished by then.
    pub upload_by: i64,
    /// What its bytes are, once it is good.
    pub figures: Option<Figures>,
    /// Whether a newer good one exists, or nobody should ever start from this one.
    pub superseded: bool,
}

impl Snapshot {
    /// Refuses everybody but the worker that makes it, as if there were no such snapshot.
    fn check_owner(&self, worker_id: &str) -> Result<(), Refusal> {
        if self.worker_id == worker_id { Ok(()) } else { Err(not_found()) }
    }
}

/// The refusal for a snapshot that is not there, or not this worker's.
pub fn not_found() -> Refusal {
    Refusal::not_found("snapshot_not_found", "this worker has no such snapshot")
}
