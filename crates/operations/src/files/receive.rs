//! Bytes in.

use clawstead_domain::Refusal;
use clawstead_domain::snapshot::Figures;
use clawstead_domain::text::truncate;
use clawstead_ledger::Engine;
use sha2::{Digest as _, Sha256};

use super::{Link, Store};
use crate::workers;
use crate::{Cx, OperationError};

const CONTENT_TYPE_BYTES_MAX: usize = 128;

/// So much of what is too large is read on and thrown away: a client that is still sending when it is answered sees a broken
/// connection, not the answer.
const DRAINED_BYTES_MAX: usize = 64 << 20;

/// A transfer of a worker is a sign of its life, this often.
pub(super) const SIGN_OF_LIFE_EVERY_MS: i64 = 5_000;

/// Bytes as they come over the wire.
pub trait Incoming {
    /// The next ones; `None` at the end.
    ///
    /// # Errors
    /// When the connection broke: what came is not the whole.
    fn next(&mut self) -> impl Future<Output = Result<Option<Vec<u8>>, Broken>>;
}

/// A connection that broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

/// Takes the bytes of a file, piece by piece, never more than about two pieces of the store in memory. What they are is found out on the
/// way. An attempt that breaks leaves the link good for another; a file that is here is never replaced.
///
/// # Errors
/// `already_uploaded`, `upload_under_way`, `upload_interrupted`, `file_too_large`, `file_not_found`.
pub async fn receive<E: Engine>(
    cx: &Cx<'_, E>,
    clock: &dyn Fn() -> i64,
    store: &impl Store,
    link: &Link,
    content_type: &str,
    body: &mut impl Incoming,
) -> Result<Figures, OperationError> {
    let attempt = cx.new_id();
    let size_max = begin(cx, store, &link.file_id, &attempt, content_type).await?;
    let figures = match bring(cx, clock, store, link, &attempt, size_max, body).await {
        Ok(figures) => figures,
        Err(error) => {
            give_up(cx, store, &link.file_id, &attempt).await?;
            return Err(error);
        }
    };
    let sql = "UPDATE files SET state = 'stored', size_bytes = ?3, sha256 = ?4 \
               WHERE file_id = ?1 AND state = 'arriving' AND attempt = ?2 RETURNING file_id";
    let params = [(&link.file_id).into(), (&attempt).into(), figures.size_bytes.into(), (&figures.sha256).into()];
    if cx.sql(sql, &params).await?.first().is_none() {
        // It was removed meanwhile, and what has just become whole was not there to be removed.
        while !store.remove_some(store.place(), &link.file_id).await? {}
        return Err(gone().into());
    }
    Ok(figures)
}

/// Claims the file for this attempt; gives how many bytes it may have.
async fn begin<E: Engine>(
    cx: &Cx<'_, E>,
    store: &impl Store,
    file_id: &str,
    attempt: &str,
    content_type: &str,
) -> Result<i64, OperationError> {
    let sql = "UPDATE files SET state = 'arriving', store = ?5, attempt = ?2, content_type = ?3 \
               WHERE file_id = ?1 AND state = 'expected' AND upload_by > ?4 RETURNING size_max";
    let content_type = truncate(content_type, CONTENT_TYPE_BYTES_MAX);
    let params = [file_id.into(), attempt.into(), content_type.into(), cx.now.into(), store.place().as_str().into()];
    if let Some(size_max) = cx.sql(sql, &params).await?.first().and_then(|row| row.integer("size_max")) {
        return Ok(size_max);
    }
    let rows = cx.sql("SELECT state FROM files WHERE file_id = ?1", &[file_id.into()]).await?;
    let refusal = match rows.first().and_then(|row| row.text("state")).as_deref() {
        Some("stored") => Refusal::conflict("already_uploaded", "the file is here already"),
        Some("arriving") => Refusal::conflict("upload_under_way", "the file is being uploaded"),
        _ => gone(),
    };
    Err(refusal.into())
}

/// Forgets an attempt, so that another can be made.
async fn give_up<E: Engine>(cx: &Cx<'_, E>, store: &impl Store, file_id: &str, attempt: &str) -> Result<(), OperationError> {
    while !store.remove_some(store.place(), file_id).await? {}
    let sql = "UPDATE files SET state = 'expected', attempt = NULL WHERE file_id = ?1 AND state = 'arriving' AND attempt = ?2";
    cx.sql(sql, &[file_id.into(), attempt.into()]).await?;
    Ok(())
}

fn gone() -> Refusal {
    Refusal::not_found("file_not_found", "no such file is awaited")
}

/// Brings all bytes into the store.
async fn bring<E: Engine>(
    cx: &Cx<'_, E>,
    clock: &dyn Fn() -> i64,
    store: &impl Store,
    link: &Link,
    attempt: &str,
    size_max: i64,
    body: &mut impl Incoming,
) -> Result<Figures, OperationError> {
    let upload = store.begin(&link.file_id, attempt).await?;
    let mut arrival = Arrival { store, upload, size_max, hash: Sha256::new(), size: 0, piece: Vec::new() };
    let mut seen_at = cx.now;
    while let Some(bytes) = body.next().await.map_err(interrupted)? {
        if arrival.size + length(&bytes) > size_max {
            drain(body).await;
            return Err(too_large(size_max).into());
        }
        arrival.take(&bytes).await?;
        seen_at = sign_of_life(cx, clock, link.worker_id.as_deref(), seen_at).await?;
    }
    arrival.end().await
}

fn interrupted(_: Broken) -> Refusal {
    Refusal::conflict("upload_interrupted", "the bytes did not arrive whole; they can be sent again")
}

/// The refusal for a file with more bytes than it may have.
pub(super) fn too_large(size_max: i64) -> Refusal {
    Refusal::too_large("file_too_large", format!("a file may have at most {size_max} bytes"))
}

async fn drain(body: &mut impl Incoming) {
    let mut drained = 0;
    while drained < DRAINED_BYTES_MAX {
        let Ok(Some(bytes)) = body.next().await else { return };
        drained += bytes.len();
    }
}

fn length(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}

struct Arrival<'a, S: Store> {
    store: &'a S,
    upload: S::Upload,
    size_max: i64,
    hash: Sha256,
    /// Of all bytes so far, those of the piece at hand included.
    size: i64,
    piece: Vec<u8>,
}

impl<S: Store> Arrival<'_, S> {
    async fn take(&mut self, bytes: &[u8]) -> Result<(), OperationError> {
        self.size += length(bytes);
        self.hash.update(bytes);
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.piece.capacity() == 0 {
                self.piece.reserve_exact(self.store.piece_bytes().min(usize::try_from(self.size_max).unwrap_or(usize::MAX)));
            }
            let (now, later) = rest.split_at(rest.len().min(self.store.piece_bytes() - self.piece.len()));
            self.piece.extend_from_slice(now);
            rest = later;
            if self.piece.len() == self.store.piece_bytes() {
                self.keep().await?;
            }
        }
        Ok(())
    }

    async fn keep(&mut self) -> Result<(), OperationError> {
        let is_awaited = self.store.put(&mut self.upload, std::mem::take(&mut self.piece)).await?;
        if is_awaited { Ok(()) } else { Err(gone().into()) }
    }

    async fn end(mut self) -> Result<Figures, OperationError> {
        if !self.piece.is_empty() {
            self.keep().await?;
        }
        self.store.finish(self.upload).await?;
        Ok(Figures { sha256: hex::encode(self.hash.finalize()), size_bytes: self.size })
    }
}

/// Notes that the worker that transfers is alive, unless that was noted a moment ago. Gives when it was.
///
/// # Errors
/// When the database does not do it.
pub async fn sign_of_life<E: Engine>(
    cx: &Cx<'_, E>,
    clock: &dyn Fn() -> i64,
    worker_id: Option<&str>,
    seen_at: i64,
) -> Result<i64, OperationError> {
    let now = clock();
    let Some(worker_id) = worker_id.filter(|_| now - seen_at >= SIGN_OF_LIFE_EVERY_MS) else {
        return Ok(seen_at);
    };
    workers::contacted(&cx.at(now), worker_id).await?;
    Ok(now)
}
