//! Pieces of files as rows of the database.

use clawstead_ledger::{Engine, Ledger};

use super::{Place, Store, StoredFile, Trace};
use crate::OperationError;

/// Length of all pieces of a file but the last. Long enough that a durable write a piece does not slow an upload down, short
/// enough that other writers hardly wait.
const CHUNK_BYTES: usize = 256 * 1024;

/// So many pieces are removed by one statement: 8 MiB.
const REMOVED_AT_ONCE: i64 = 32;

/// The database as a store.
#[derive(Debug)]
pub struct SqliteStore<'a, E>(pub &'a Ledger<E>);

/// An attempt to bring a file into the database.
#[derive(Debug)]
pub struct SqliteUpload {
    file_id: String,
    attempt: String,
    chunks: i64,
}

impl<E: Engine> Store for SqliteStore<'_, E> {
    type Upload = SqliteUpload;

    fn place(&self) -> Place {
        Place::Sqlite
    }

    fn piece_bytes(&self) -> usize {
        CHUNK_BYTES
    }

    async fn begin(&self, file_id: &str, attempt: &str) -> Result<SqliteUpload, OperationError> {
        Ok(SqliteUpload { file_id: file_id.to_owned(), attempt: attempt.to_owned(), chunks: 0 })
    }

    async fn put(&self, upload: &mut SqliteUpload, bytes: Vec<u8>) -> Result<bool, OperationError> {
        let sql = "INSERT INTO file_chunks (file_id, chunk_no, bytes) SELECT ?1, ?3, ?4 \
                   WHERE EXISTS (SELECT 1 FROM files WHERE file_id = ?1 AND state = 'arriving' AND attempt = ?2) \
                   RETURNING chunk_no";
        let params = [(&upload.file_id).into(), (&upload.attempt).into(), upload.chunks.into(), bytes.into()];
        upload.chunks += 1;
        Ok(self.0.engine().execute(sql, &params).await?.first().is_some())
    }

    async fn finish(&self, _upload: SqliteUpload) -> Result<(), OperationError> {
        Ok(())
    }

    async fn get(&self, file: &StoredFile, offset: i64) -> Result<Option<Vec<u8>>, OperationError> {
        let chunk_bytes = i64::try_from(CHUNK_BYTES).unwrap_or(i64::MAX);
        let sql = "SELECT bytes FROM file_chunks WHERE file_id = ?1 AND chunk_no = ?2";
        let rows = self.0.engine().execute(sql, &[(&file.file_id).into(), (offset / chunk_bytes).into()]).await?;
        let from = usize::try_from(offset % chunk_bytes).unwrap_or_default();
        Ok(rows
            .first()
            .and_then(|row| row.blob("bytes"))
            .and_then(|mut bytes| (from <= bytes.len()).then(|| bytes.split_off(from))))
    }

    async fn remove_some(&self, _place: Place, file_id: &str) -> Result<bool, OperationError> {
        let sql = "DELETE FROM file_chunks WHERE file_id = ?1 AND chunk_no IN \
                   (SELECT chunk_no FROM file_chunks WHERE file_id = ?1 ORDER BY chunk_no LIMIT ?2) RETURNING chunk_no";
        let gone = self.0.engine().execute(sql, &[file_id.into(), REMOVED_AT_ONCE.into()]).await?;
        Ok(gone.rows.len() < usize::try_from(REMOVED_AT_ONCE).unwrap_or(usize::MAX))
    }

    async fn traces(&self, _of: Trace, _after: &str, _limit: i64) -> Result<Vec<String>, OperationError> {
        Ok(Vec::new())
    }
}
