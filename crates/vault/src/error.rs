use thiserror::Error;

/// What is wrong with a configured key ring.
///
/// An entry is named by its place, counted from 1, and not by its text: a misplaced colon would make the text a key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyRingError {
    /// There is no entry at all.
    #[error("the key ring is empty; expected <id>:<base64 of 32 bytes>, separated by commas")]
    Empty,
    /// The entry has no colon between id and key.
    #[error("key ring entry {entry}: expected <id>:<base64 of 32 bytes>")]
    NoColon {
        /// Place of the entry, from 1.
        entry: usize,
    },
    /// The id is not 1 to 32 characters of `a-z 0-9 _ -`.
    #[error("key ring entry {entry}: an id has 1 to 32 characters of a-z, 0-9, _ and -")]
    BadId {
        /// Place of the entry, from 1.
        entry: usize,
    },
    /// The key is not base64 of the standard alphabet.
    #[error("key ring entry {entry}: the key is not valid base64")]
    BadBase64 {
        /// Place of the entry, from 1.
        entry: usize,
    },
    /// The key does not have 32 bytes.
    #[error("key ring entry {entry}: the key has {bytes} bytes instead of 32")]
    BadLength {
        /// Place of the entry, from 1.
        entry: usize,
        /// How many bytes it has.
        bytes: usize,
    },
    /// Two entries have the same id, so it would not be clear which key opens a secret.
    #[error("key ring entry {entry}: its id is already taken by an earlier entry")]
    DuplicateId {
        /// Place of the later entry, from 1.
        entry: usize,
    },
}

/// Why a sealed secret cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VaultError {
    /// The key that sealed it is not on the ring.
    #[error("the secret is sealed with key {key_id:?}, which is not on the key ring")]
    UnknownKey {
        /// Id of the missing key.
        key_id: String,
    },
    /// Something does not fit: the bytes, the nonce, the reference, the version, or a key whose id was used again.
    #[error("the sealed secret is not authentic for this reference, version and key")]
    NotAuthentic,
    /// It was opened as text and is not UTF-8.
    #[error("the secret is not text")]
    NotText,
}
