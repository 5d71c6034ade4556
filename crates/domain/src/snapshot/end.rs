//! How an upload ends.

use super::{Expiry, Snapshot, SnapshotEvent, Status};
use crate::{Refusal, text};

/// What is kept of a worker's error, bytes.
pub const ERROR_BYTES_MAX: usize = 1_024;

/// What some bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// SHA-256, lower-case hex.
    pub sha256: String,
    /// Their number.
    pub size_bytes: i64,
}

/// Makes a snapshot good: its bytes are here, and are what the worker says. Saying it again succeeds, and is no event.
///
/// `arrived` is what was found while the bytes came in; `None` when they have not, or not whole.
///
/// # Errors
/// When it is not this worker's, has ended otherwise, or the figures are not those of the bytes.
pub fn finish(
    snapshot: &Snapshot,
    worker_id: &str,
    storage_id: &str,
    claimed: &Figures,
    arrived: Option<&Figures>,
    now: i64,
) -> Result<Option<SnapshotEvent>, Refusal> {
    snapshot.check_owner(worker_id)?;
    if storage_id != snapshot.file_id {
        return Err(Refusal::invalid("storage_id", "is not where this snapshot was uploaded to"));
    }
    let claimed = Figures { sha256: claimed.sha256.to_ascii_lowercase(), ..*claimed };
    match snapshot.status {
        Status::Uploading if now < snapshot.upload_by => {}
        Status::Ready if snapshot.figures.as_ref() == Some(&claimed) => return Ok(None),
        Status::Ready => return Err(Refusal::conflict("snapshot_already_ready", "it is finished, with other figures")),
        Status::Failed => return Err(Refusal::conflict("snapshot_already_failed", "this worker gave it up")),
        Status::Uploading | Status::Expired => return Err(expired()),
    }
    let Some(arrived) = arrived else {
        return Err(Refusal::conflict("upload_not_finished", "its bytes have not arrived"));
    };
    if arrived.size_bytes != claimed.size_bytes {
        return Err(Refusal::invalid("size_bytes", format!("{} bytes have arrived", arrived.size_bytes)));
    }
    if arrived.sha256 != claimed.sha256 {
        return Err(Refusal::invalid("sha256", "is not that of the bytes that have arrived"));
    }
    Ok(Some(SnapshotEvent::SnapshotReady { sha256: claimed.sha256, size_bytes: claimed.size_bytes }))
}

/// The worker gives up. Saying it again succeeds, and is no event.
///
/// # Errors
/// When it is not this worker's, or has ended otherwise: a late failure must not take away a good snapshot.
pub fn fail(snapshot: &Snapshot, worker_id: &str, error: &str) -> Result<Option<SnapshotEvent>, Refusal> {
    snapshot.check_owner(worker_id)?;
    match snapshot.status {
        Status::Uploading => Ok(Some(SnapshotEvent::SnapshotFailed { error: text::truncate(error, ERROR_BYTES_MAX).to_owned() })),
        Status::Failed => Ok(None),
        Status::Ready => Err(Refusal::conflict("snapshot_already_ready", "it is good and stays so")),
        Status::Expired => Err(expired()),
    }
}

/// Ends a snapshot that is of no more use; `None` for one that must stay, or has ended already.
pub fn expire(snapshot: &Snapshot, reason: Expiry, now: i64) -> Option<SnapshotEvent> {
    let due = match reason {
        Expiry::Unfinished => snapshot.status == Status::Uploading && now >= snapshot.upload_by,
        Expiry::Count | Expiry::Age => snapshot.status == Status::Ready && snapshot.superseded,
    };
    due.then_some(SnapshotEvent::SnapshotExpired { reason })
}

fn expired() -> Refusal {
    Refusal::conflict("snapshot_expired", "its upload was not finished in time, or it is too old")
}
