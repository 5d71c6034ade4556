//! Bytes that were brought to the object store without us.

use clawstead_domain::snapshot::Figures;
use clawstead_ledger::Engine;
use clawstead_transport::Transport;
use sha2::{Digest as _, Sha256};

use super::receive::{sign_of_life, too_large};
use super::{Place, S3Store, Store as _, StoredFile};
use crate::{Cx, OperationError};

/// Takes what a worker brought with a presigned URL, if it did: looks how much it is, puts it where that URL does not reach,
/// and reads all of it to find out what it is. Whoever brought it cannot change it afterwards.
///
/// # Errors
/// `file_too_large`; when the store does not answer. It can be asked again.
pub(crate) async fn take_in<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    clock: &dyn Fn() -> i64,
    store: &S3Store<'_, T>,
    file_id: &str,
    worker_id: &str,
) -> Result<(), OperationError> {
    let sql = "SELECT size_max FROM files WHERE file_id = ?1 AND state = 'expected' AND upload_by > ?2";
    let awaited = cx.sql(sql, &[file_id.into(), cx.now.into()]).await?;
    let Some(size_max) = awaited.first().and_then(|row| row.integer("size_max")) else { return Ok(()) };
    let Some(brought) = store.incoming(file_id).await? else { return Ok(()) };
    if brought.size > size_max {
        store.drop_incoming(file_id).await?;
        return Err(too_large(size_max).into());
    }
    let attempt = cx.new_id();
    store.take_in(file_id, &attempt, &brought).await?;
    let mut file = StoredFile {
        file_id: file_id.to_owned(),
        owner: String::new(),
        content_type: String::new(),
        figures: Figures { sha256: String::new(), size_bytes: brought.size },
        keep_until: None,
        place: Place::S3,
        attempt,
    };
    let (mut hash, mut read, mut seen_at) = (Sha256::new(), 0, cx.now);
    while read < brought.size {
        let bytes = store.get(&file, read).await?.filter(|bytes| !bytes.is_empty());
        let bytes = bytes.ok_or_else(|| OperationError::unexpected("an object that ends before its end"))?;
        hash.update(&bytes);
        read += i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        seen_at = sign_of_life(cx, clock, Some(worker_id), seen_at).await?;
    }
    file.figures.sha256 = hex::encode(hash.finalize());
    let sql = "UPDATE files SET state = 'stored', attempt = ?2, size_bytes = ?3, sha256 = ?4 \
               WHERE file_id = ?1 AND state = 'expected' RETURNING file_id";
    let params = [file_id.into(), (&file.attempt).into(), brought.size.into(), (&file.figures.sha256).into()];
    if cx.sql(sql, &params).await?.first().is_some() {
        store.drop_incoming(file_id).await?;
    }
    Ok(())
}
