//! Before an upload.

use clawstead_domain::config::RetentionPolicy;
use clawstead_domain::snapshot::{self, SnapshotEvent, Start};
use clawstead_ledger::{Engine, Expected};

use super::facts;
use crate::files::{self, FileKind, Links, NewFile, Place};
use crate::workers::Worker;
use crate::{Cx, OperationError, configs};

/// An upload that may begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The snapshot.
    pub snapshot_id: String,
    /// The file that is to hold its bytes.
    pub file_id: String,
    /// Where its bytes go, as one PUT; through us, also as one POST.
    pub upload_url: String,
    /// They must be there, and said to be, by then.
    pub expires_at: i64,
}

/// Begins the upload of a snapshot of the worker's conversation.
///
/// # Errors
/// When the conversation is not this worker's.
pub async fn start<E: Engine>(
    cx: &Cx<'_, E>,
    links: &Links<'_>,
    worker: &Worker,
    command: &Start,
) -> Result<Started, OperationError> {
    facts::check_conversation(&command.conversation_id)?;
    let policy: RetentionPolicy = configs::load(cx).await?.get()?;
    let assignment = facts::assignment(cx, worker, &command.conversation_id).await?;
    let (snapshot_id, file_id) = (cx.new_id(), FileKind::Snapshot.new_file_id(cx));
    let event = snapshot::start(command, &worker.worker_id, &assignment, file_id.clone(), &policy, cx.now)?;
    let SnapshotEvent::SnapshotStarted { upload_by, .. } = event else {
        return Err(OperationError::unexpected("the decision of a snapshot's start"));
    };
    // The event first: a file is owned from its first moment on, and a snapshot without a file merely expires.
    cx.append(&snapshot_id, Expected::Version(0), &[event]).await?;
    let file = NewFile {
        file_id: &file_id,
        kind: FileKind::Snapshot,
        owner: &snapshot_id,
        worker_id: Some(&worker.worker_id),
        size_max: policy.snapshot_bytes_max,
        upload_by,
        keep_until: None,
        place: if links.direct.is_some() { Place::S3 } else { Place::Sqlite },
    };
    files::expect(cx, &file).await?;
    let upload_url = match links.direct {
        Some(objects) => objects.upload_url(&file_id, upload_by - cx.now, cx.now),
        None => links.upload(&file_id, Some(&worker.worker_id), upload_by),
    };
    Ok(Started { snapshot_id, file_id, upload_url, expires_at: upload_by })
}
