//! Where bytes are kept.

use std::future::Future;

use crate::OperationError;

/// Length of all pieces of a file but the last. Long enough that a durable write a piece does not slow an upload down, short
/// enough that other writers hardly wait.
pub const CHUNK_BYTES: usize = 256 * 1024;

/// A place for the pieces of files: SQLite, and whatever else can keep a numbered piece under a name.
pub trait Store {
    /// Keeps a piece, durably. `false` when the file no longer awaits it: another attempt has it, or it is being removed.
    ///
    /// # Errors
    /// When the store does not do it.
    fn put(
        &self,
        file_id: &str,
        attempt: &str,
        chunk_no: i64,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<bool, OperationError>>;

    /// A piece, or `None` when there is none.
    ///
    /// # Errors
    /// When the store does not answer.
    fn get(&self, file_id: &str, chunk_no: i64) -> impl Future<Output = Result<Option<Vec<u8>>, OperationError>>;

    /// Removes some pieces of a file, a bounded number a call. `true` when none are left.
    ///
    /// # Errors
    /// When the store does not do it; what is gone stays gone.
    fn remove_some(&self, file_id: &str) -> impl Future<Output = Result<bool, OperationError>>;
}
