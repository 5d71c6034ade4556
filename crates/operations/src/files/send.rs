//! Bytes out.

use clawstead_domain::Refusal;
use clawstead_ledger::Engine;

use super::receive::sign_of_life;
use super::{FileKind, Link, Store, StoredFile, stored};
use crate::{Cx, OperationError, snapshots};

/// A file on its way to the bearer of a link.
#[derive(Debug)]
pub struct Outgoing {
    /// What goes.
    pub file: StoredFile,
    link: Link,
    sent: i64,
    seen_at: i64,
}

/// Opens a file for the bearer of a link.
///
/// # Errors
/// When it is not here, or its time has run out.
pub async fn open<E: Engine>(cx: &Cx<'_, E>, link: Link) -> Result<Outgoing, OperationError> {
    let file = stored(cx, &link.file_id).await?;
    let file = file.ok_or_else(|| Refusal::not_found("file_not_found", "there is no such file, or no longer"))?;
    Ok(Outgoing { file, link, sent: 0, seen_at: cx.now })
}

impl Outgoing {
    /// The next piece; `None` after the last. Whoever asks after the last has taken all of them, and a worker that takes a
    /// whole snapshot is known by that.
    ///
    /// # Errors
    /// When a piece is missing: the file was removed meanwhile.
    pub async fn next<E: Engine>(
        &mut self,
        cx: &Cx<'_, E>,
        clock: &dyn Fn() -> i64,
        store: &impl Store,
    ) -> Result<Option<Vec<u8>>, OperationError> {
        self.seen_at = sign_of_life(cx, clock, self.link.worker_id.as_deref(), self.seen_at).await?;
        if self.sent == self.file.figures.size_bytes {
            self.fetched(&cx.at(clock())).await?;
            return Ok(None);
        }
        let bytes = store.get(&self.file, self.sent).await?.filter(|bytes| !bytes.is_empty());
        let bytes = bytes.ok_or_else(|| OperationError::unexpected("a file without some of its bytes"))?;
        self.sent += i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        Ok(Some(bytes))
    }

    async fn fetched<E: Engine>(&self, cx: &Cx<'_, E>) -> Result<(), OperationError> {
        match &self.link.worker_id {
            Some(worker_id) if FileKind::Snapshot.is_id(&self.file.file_id) => {
                snapshots::fetched(cx, worker_id, &self.file.owner).await
            }
            _ => Ok(()),
        }
    }
}
