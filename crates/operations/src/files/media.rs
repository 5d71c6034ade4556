//! Files that a worker brings and fetches for the message it has.

use clawstead_domain::Refusal;
use clawstead_domain::config::RetentionPolicy;
use clawstead_ledger::Engine;

use super::{FileKind, Links, NewFile, Place, StoredFile, expect, stored};
use crate::workers::Worker;
use crate::{Cx, OperationError, configs};

/// A file that may be brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedFile {
    /// Its id; also the storage id that the upload is answered with.
    pub file_id: String,
    /// Where its bytes go, as one POST or PUT.
    pub upload_url: String,
    /// They must be there by then.
    pub expires_at: i64,
}

/// Makes room for a file of the message that the worker has in flight.
///
/// # Errors
/// A refusal without a live lease, or when there are files enough.
pub async fn expect_media<E: Engine>(cx: &Cx<'_, E>, links: &Links<'_>, worker: &Worker) -> Result<ExpectedFile, OperationError> {
    let conversation_id = in_flight(cx, worker).await?.into_iter().next();
    let no_lease = || Refusal::conflict("lease_not_yours", "this worker has no message in flight");
    let owner = conversation_owner(&conversation_id.ok_or_else(no_lease)?);
    expect_owned(cx, links, FileKind::Media, &owner, Some(&worker.worker_id)).await
}

/// A link to a file of a conversation that the worker has a message of in flight; `None` for every other file, whether there
/// is one or not.
///
/// # Errors
/// When the database does not answer.
pub async fn file_url<E: Engine>(
    cx: &Cx<'_, E>,
    links: &Links<'_>,
    worker: &Worker,
    file_id: &str,
) -> Result<Option<String>, OperationError> {
    if !FileKind::Media.is_id(file_id) && !FileKind::Attachment.is_id(file_id) {
        return Ok(None);
    }
    let Some(file) = stored(cx, file_id).await? else { return Ok(None) };
    let conversations = in_flight(cx, worker).await?;
    if !conversations.iter().any(|conversation_id| conversation_owner(conversation_id) == file.owner) {
        return Ok(None);
    }
    let policy: RetentionPolicy = configs::load(cx).await?.get()?;
    Ok(Some(download_url(cx, links, worker, &file, file.keep_until, &policy)))
}

/// A download link for a worker, which works no longer than the file is kept.
pub(super) fn download_url<E: Engine>(
    cx: &Cx<'_, E>,
    links: &Links<'_>,
    worker: &Worker,
    file: &StoredFile,
    keep_until: Option<i64>,
    policy: &RetentionPolicy,
) -> String {
    let expires_at = keep_until.unwrap_or(i64::MAX).min(cx.now + policy.link_ms);
    links.download(file, &worker.worker_id, expires_at, cx.now)
}

/// Makes room for a file of an owner, who may have a bounded number under way.
pub(super) async fn expect_owned<E: Engine>(
    cx: &Cx<'_, E>,
    links: &Links<'_>,
    kind: FileKind,
    owner: &str,
    worker_id: Option<&str>,
) -> Result<ExpectedFile, OperationError> {
    let policy: RetentionPolicy = configs::load(cx).await?.get()?;
    let sql = "SELECT count(*) AS n FROM files WHERE owner = ?1 AND state IN ('expected', 'arriving') AND upload_by > ?2";
    let rows = cx.sql(sql, &[owner.into(), cx.now.into()]).await?;
    if rows.first().and_then(|row| row.integer("n")).unwrap_or(0) >= policy.uploads_max {
        return Err(Refusal::limit("too_many_uploads", format!("{} uploads are under way", policy.uploads_max)).into());
    }
    let file_id = kind.new_file_id(cx);
    let upload_by = cx.now + policy.upload_ms;
    let file = NewFile {
        file_id: &file_id,
        kind,
        owner,
        worker_id,
        size_max: policy.attachment_bytes_max,
        upload_by,
        keep_until: Some(cx.now + policy.attachment_age_ms),
        place: Place::Sqlite,
    };
    expect(cx, &file).await?;
    let upload_url = links.upload(&file_id, worker_id, upload_by);
    Ok(ExpectedFile { file_id, upload_url, expires_at: upload_by })
}

/// How a conversation is written as an owner.
pub(crate) fn conversation_owner(conversation_id: &str) -> String {
    format!("conversation:{conversation_id}")
}

/// Conversations that the worker has a message of in flight, under a live lease.
async fn in_flight<E: Engine>(cx: &Cx<'_, E>, worker: &Worker) -> Result<Vec<String>, OperationError> {
    let sql = "SELECT l.conversation_id FROM leases l LEFT JOIN lease_renewals r ON r.lease_id = l.lease_id \
               WHERE l.worker_id = ?1 AND max(l.expires_at, coalesce(r.expires_at, 0)) > ?2";
    let rows = cx.sql(sql, &[(&worker.worker_id).into(), cx.now.into()]).await?;
    Ok(rows.iter().filter_map(|row| row.text("conversation_id")).collect())
}
