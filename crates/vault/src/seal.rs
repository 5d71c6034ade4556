use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};

use crate::key_ring::Key;
use crate::{KeyRing, Secret, VaultError};

/// Length of a nonce. At 24 random bytes a repeat is out of the question, so no counter has to be kept.
pub const NONCE_BYTES: usize = 24;

/// Names the use and the shape of the associated data, so that no other use of the same key can be taken for it.
const PURPOSE: &[u8] = b"clawstead/vault/1";

/// A secret as it may be stored: useless without its key, and only valid for the reference and version that it was
/// sealed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Id of the key that sealed it.
    pub key_id: String,
    /// The nonce it was sealed with.
    pub nonce: [u8; NONCE_BYTES],
    /// XChaCha20-Poly1305 ciphertext, with its 16-byte tag at the end.
    pub ciphertext: Vec<u8>,
}

impl KeyRing {
    /// Seals `plaintext` with the active key, for this `reference` and `version` alone.
    ///
    /// `nonce` must be random and fresh: using one twice under a key gives both plaintexts away.
    #[must_use]
    pub fn seal(&self, reference: &str, version: u64, plaintext: &[u8], nonce: [u8; NONCE_BYTES]) -> Sealed {
        let key = self.active();
        let associated = associated_data(reference, version);
        let ciphertext = cipher(key)
            .encrypt(&nonce.into(), Payload { msg: plaintext, aad: &associated })
            .expect("only a plaintext of 256 GiB or more cannot be sealed");
        Sealed { key_id: key.id.clone(), nonce, ciphertext }
    }

    /// Opens what was sealed for this `reference` and `version`, with whichever key of the ring sealed it.
    ///
    /// # Errors
    /// [`VaultError::UnknownKey`] when that key is not on the ring, [`VaultError::NotAuthentic`] when anything differs
    /// from the time of sealing.
    pub fn open(&self, reference: &str, version: u64, sealed: &Sealed) -> Result<Secret<Vec<u8>>, VaultError> {
        let Some(key) = self.find(&sealed.key_id) else {
            return Err(VaultError::UnknownKey { key_id: sealed.key_id.clone() });
        };
        let associated = associated_data(reference, version);
        cipher(key)
            .decrypt(&sealed.nonce.into(), Payload { msg: &sealed.ciphertext, aad: &associated })
            .map(Secret::new)
            .map_err(|_| VaultError::NotAuthentic)
    }

    /// Opens a secret that is text, such as a bot token.
    ///
    /// # Errors
    /// As [`KeyRing::open`], and [`VaultError::NotText`].
    pub fn open_text(&self, reference: &str, version: u64, sealed: &Sealed) -> Result<Secret<String>, VaultError> {
        let opened = self.open(reference, version, sealed)?;
        let text = std::str::from_utf8(opened.expose()).map_err(|_| VaultError::NotText)?;
        Ok(Secret::new(text.to_owned()))
    }
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&*key.bytes).into())
}

/// Every part has a known length, so no two pairs of reference and version give the same bytes.
fn associated_data(reference: &str, version: u64) -> Vec<u8> {
    let length = reference.len() as u64;
    [PURPOSE, &length.to_be_bytes(), reference.as_bytes(), &version.to_be_bytes()].concat()
}
