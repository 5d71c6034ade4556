//! All stores that files may be in: new ones go where the operator says, old ones are where they were put.

use clawstead_ledger::Engine;
use clawstead_transport::Transport;

use super::s3::S3Upload;
use super::sqlite::SqliteUpload;
use super::{Place, S3Store, SqliteStore, Store, StoredFile, Trace};
use crate::OperationError;

/// The database, and an object store if there is one.
#[derive(Debug)]
pub struct Stores<'a, E, T> {
    /// Always there.
    pub sqlite: SqliteStore<'a, E>,
    /// New files go there, when it is configured.
    pub s3: Option<S3Store<'a, T>>,
}

/// An attempt to bring a file.
#[derive(Debug)]
pub enum AnyUpload {
    /// Into the database.
    Sqlite(SqliteUpload),
    /// Into the object store.
    S3(S3Upload),
}

impl<E: Engine, T: Transport> Stores<'_, E, T> {
    fn s3(&self) -> Result<&S3Store<'_, T>, OperationError> {
        self.s3.as_ref().ok_or_else(|| OperationError::unexpected("a file in an object store that is not configured"))
    }
}

impl<E: Engine, T: Transport> Store for Stores<'_, E, T> {
    type Upload = AnyUpload;

    fn place(&self) -> Place {
        if self.s3.is_some() { Place::S3 } else { Place::Sqlite }
    }

    fn piece_bytes(&self) -> usize {
        self.s3.as_ref().map_or_else(|| self.sqlite.piece_bytes(), Store::piece_bytes)
    }

    async fn begin(&self, file_id: &str, attempt: &str) -> Result<AnyUpload, OperationError> {
        match &self.s3 {
            Some(s3) => s3.begin(file_id, attempt).await.map(AnyUpload::S3),
            None => self.sqlite.begin(file_id, attempt).await.map(AnyUpload::Sqlite),
        }
    }

    async fn put(&self, upload: &mut AnyUpload, bytes: Vec<u8>) -> Result<bool, OperationError> {
        match upload {
            AnyUpload::S3(upload) => self.s3()?.put(upload, bytes).await,
            AnyUpload::Sqlite(upload) => self.sqlite.put(upload, bytes).await,
        }
    }

    async fn finish(&self, upload: AnyUpload) -> Result<(), OperationError> {
        match upload {
            AnyUpload::S3(upload) => self.s3()?.finish(upload).await,
            AnyUpload::Sqlite(upload) => self.sqlite.finish(upload).await,
        }
    }

    async fn get(&self, file: &StoredFile, offset: i64) -> Result<Option<Vec<u8>>, OperationError> {
        match file.place {
            Place::S3 => self.s3()?.get(file, offset).await,
            Place::Sqlite => self.sqlite.get(file, offset).await,
        }
    }

    async fn remove_some(&self, place: Place, file_id: &str) -> Result<bool, OperationError> {
        match place {
            Place::S3 => self.s3()?.remove_some(place, file_id).await,
            Place::Sqlite => self.sqlite.remove_some(place, file_id).await,
        }
    }

    async fn traces(&self, of: Trace, after: &str, limit: i64) -> Result<Vec<String>, OperationError> {
        match &self.s3 {
            Some(s3) => s3.traces(of, after, limit).await,
            None => self.sqlite.traces(of, after, limit).await,
        }
    }
}
