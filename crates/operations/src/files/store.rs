//! Where bytes are kept.

use std::future::Future;

use super::StoredFile;
use crate::OperationError;

/// A place for bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Rows of the database.
    Sqlite,
    /// An object store.
    S3,
}

impl Place {
    /// The word for it, in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::S3 => "s3",
        }
    }

    /// The place behind a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Sqlite, Self::S3].into_iter().find(|place| place.as_str() == word)
    }
}

/// What of a file a store has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trace {
    /// Its bytes.
    Bytes,
    /// Parts of bytes that have not become whole.
    Parts,
}

/// A keeper of bytes. They come in pieces, in order, and are a file once all are there; they go out from any byte on.
pub trait Store {
    /// An attempt to bring a file.
    type Upload;

    /// Where the next file goes.
    fn place(&self) -> Place;

    /// The length of each piece but the last, in bytes.
    fn piece_bytes(&self) -> usize;

    /// Begins an attempt.
    ///
    /// # Errors
    /// When the store does not do it.
    fn begin(&self, file_id: &str, attempt: &str) -> impl Future<Output = Result<Self::Upload, OperationError>>;

    /// Keeps the next piece, durably. `false` when the file no longer awaits it: another attempt has it, or it is being
    /// removed.
    ///
    /// # Errors
    /// When the store does not do it.
    fn put(&self, upload: &mut Self::Upload, bytes: Vec<u8>) -> impl Future<Output = Result<bool, OperationError>>;

    /// Makes a file of the pieces.
    ///
    /// # Errors
    /// When the store does not do it.
    fn finish(&self, upload: Self::Upload) -> impl Future<Output = Result<(), OperationError>>;

    /// Bytes from `offset` on, as many as the store likes to give at once; `None` when they are gone.
    ///
    /// # Errors
    /// When the store does not answer.
    fn get(&self, file: &StoredFile, offset: i64) -> impl Future<Output = Result<Option<Vec<u8>>, OperationError>>;

    /// Removes what there is of a file, a bounded amount a call. `true` when nothing is left.
    ///
    /// # Errors
    /// When the store does not do it; what is gone stays gone.
    fn remove_some(&self, place: Place, file_id: &str) -> impl Future<Output = Result<bool, OperationError>>;

    /// Ids of files that there is something of, in their order, after one; so that what has no row can be found. A store that
    /// can keep nothing without a row gives none.
    ///
    /// # Errors
    /// When the store does not answer.
    fn traces(&self, of: Trace, after: &str, limit: i64) -> impl Future<Output = Result<Vec<String>, OperationError>>;
}
