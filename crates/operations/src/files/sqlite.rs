//! Pieces of files as rows of the database.

use clawstead_ledger::{Engine, Ledger};

use super::Store;
use crate::OperationError;

/// So many pieces are removed by one statement: 8 MiB.
const REMOVED_AT_ONCE: i64 = 32;

/// The database as a store.
#[derive(Debug)]
pub struct SqliteStore<'a, E>(pub &'a Ledger<E>);

impl<E: Engine> Store for SqliteStore<'_, E> {
    async fn put(&self, file_id: &str, attempt: &str, chunk_no: i64, bytes: Vec<u8>) -> Result<bool, OperationError> {
        let sql = "INSERT INTO file_chunks (file_id, chunk_no, bytes) SELECT ?1, ?3, ?4 \
                   WHERE EXISTS (SELECT 1 FROM files WHERE file_id = ?1 AND state = 'arriving' AND attempt = ?2) \
                   RETURNING chunk_no";
        let params = [file_id.into(), attempt.into(), chunk_no.into(), bytes.into()];
        Ok(self.0.engine().execute(sql, &params).await?.first().is_some())
    }

    async fn get(&self, file_id: &str, chunk_no: i64) -> Result<Option<Vec<u8>>, OperationError> {
        let sql = "SELECT bytes FROM file_chunks WHERE file_id = ?1 AND chunk_no = ?2";
        let rows = self.0.engine().execute(sql, &[file_id.into(), chunk_no.into()]).await?;
        Ok(rows.first().and_then(|row| row.blob("bytes")))
    }

    async fn remove_some(&self, file_id: &str) -> Result<bool, OperationError> {
        let sql = "DELETE FROM file_chunks WHERE file_id = ?1 AND chunk_no IN \
                   (SELECT chunk_no FROM file_chunks WHERE file_id = ?1 ORDER BY chunk_no LIMIT ?2) RETURNING chunk_no";
        let gone = self.0.engine().execute(sql, &[file_id.into(), REMOVED_AT_ONCE.into()]).await?;
        Ok(gone.rows.len() < usize::try_from(REMOVED_AT_ONCE).unwrap_or(usize::MAX))
    }
}
