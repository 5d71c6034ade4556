//! Sealing and opening of secrets, signing, and the hashing and comparing of tokens.
//!
//! Everything here is pure: nonces and random bytes are parameters, nothing is stored and nothing is logged. No error
//! and no `Debug` output contains a key, a plaintext or a token (design.md section 7).

mod error;
mod hash;
mod key_ring;
mod seal;
mod secret;
mod sign;
mod token;
mod trusted_keys;
mod webhook;

pub use error::{KeyRingError, VaultError};
pub use hash::{constant_time_eq, sha256_hex};
pub use key_ring::KeyRing;
pub use seal::{NONCE_BYTES, Sealed};
pub use secret::Secret;
pub use token::mint_token;
pub use trusted_keys::{TrustedKeys, TrustedKeysError};
pub use webhook::{mint_signing_secret, webhook_signature};
