//! Bytes in.

use clawstead_domain::Refusal;
use clawstead_domain::snapshot::Figures;
use clawstead_domain::text::truncate;
use clawstead_ledger::Engine;
use sha2::{Digest as _, Sha256};

use super::store::CHUNK_BYTES;
use super::{Link, Store};
use crate::workers;
use crate::{Cx, OperationError};

const CONTENT_TYPE_BYTES_MAX: usize = 128;

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

/// Takes the bytes of a file, piece by piece, never more than about two pieces in memory. What they are is found out on the
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
    let size_max = begin(cx, &link.file_id, &attempt, content_type).await?;
    let mut arrival = Arrival { store, link, attempt: &attempt, size_max, hash: Sha256::new(), size: 0, chunks: 0 };
    let figures = match arrival.take(cx, clock, body).await {
        Ok(figures) => figures,
        Err(error) => {
            give_up(cx, store, &link.file_id, &attempt).await?;
            return Err(error);
        }
    };
    let sql = "UPDATE files SET state = 'stored', size_bytes = ?3, sha256 = ?4, chunks = ?5 \
               WHERE file_id = ?1 AND state = 'arriving' AND attempt = ?2 RETURNING file_id";
    let params =
        [(&link.file_id).into(), (&attempt).into(), figures.size_bytes.into(), (&figures.sha256).into(), arrival.chunks.into()];
    cx.sql(sql, &params).await?.first().ok_or_else(gone)?;
    Ok(figures)
}

/// Claims the file for this attempt; gives how many bytes it may have.
async fn begin<E: Engine>(cx: &Cx<'_, E>, file_id: &str, attempt: &str, content_type: &str) -> Result<i64, OperationError> {
    let sql = "UPDATE files SET state = 'arriving', attempt = ?2, content_type = ?3 \
               WHERE file_id = ?1 AND state = 'expected' AND upload_by > ?4 RETURNING size_max";
    let content_type = truncate(content_type, CONTENT_TYPE_BYTES_MAX);
    let params = [file_id.into(), attempt.into(), content_type.into(), cx.now.into()];
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
    while !store.remove_some(file_id).await? {}
    let sql = "UPDATE files SET state = 'expected', attempt = NULL WHERE file_id = ?1 AND state = 'arriving' AND attempt = ?2";
    cx.sql(sql, &[file_id.into(), attempt.into()]).await?;
    Ok(())
}

fn gone() -> Refusal {
    Refusal::not_found("file_not_found", "no such file is awaited")
}

struct Arrival<'a, S> {
    store: &'a S,
    link: &'a Link,
    attempt: &'a str,
    size_max: i64,
    hash: Sha256,
    size: i64,
    chunks: i64,
}

impl<S: Store> Arrival<'_, S> {
    async fn take<E: Engine>(
        &mut self,
        cx: &Cx<'_, E>,
        clock: &dyn Fn() -> i64,
        body: &mut impl Incoming,
    ) -> Result<Figures, OperationError> {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        let mut seen_at = cx.now;
        let interrupted = |_| Refusal::conflict("upload_interrupted", "the bytes did not arrive whole; they can be sent again");
        while let Some(bytes) = body.next().await.map_err(interrupted)? {
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let (now, later) = rest.split_at(rest.len().min(CHUNK_BYTES - chunk.len()));
                chunk.extend_from_slice(now);
                rest = later;
                if chunk.len() == CHUNK_BYTES {
                    self.keep(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK_BYTES))).await?;
                }
            }
            seen_at = sign_of_life(cx, clock, self.link, seen_at).await?;
        }
        if !chunk.is_empty() {
            self.keep(chunk).await?;
        }
        let sha256 = hex::encode(std::mem::take(&mut self.hash).finalize());
        Ok(Figures { sha256, size_bytes: self.size })
    }

    async fn keep(&mut self, chunk: Vec<u8>) -> Result<(), OperationError> {
        self.size += i64::try_from(chunk.len()).unwrap_or(i64::MAX);
        if self.size > self.size_max {
            return Err(Refusal::invalid("body", format!("must have at most {} bytes", self.size_max)).into());
        }
        self.hash.update(&chunk);
        if !self.store.put(&self.link.file_id, self.attempt, self.chunks, chunk).await? {
            return Err(gone().into());
        }
        self.chunks += 1;
        Ok(())
    }
}

/// Notes that the worker of a link is alive, unless that was noted a moment ago. Gives when it was.
pub(super) async fn sign_of_life<E: Engine>(
    cx: &Cx<'_, E>,
    clock: &dyn Fn() -> i64,
    link: &Link,
    seen_at: i64,
) -> Result<i64, OperationError> {
    let now = clock();
    let Some(worker_id) = link.worker_id.as_deref().filter(|_| now - seen_at >= SIGN_OF_LIFE_EVERY_MS) else {
        return Ok(seen_at);
    };
    workers::contacted(&cx.at(now), worker_id).await?;
    Ok(now)
}
