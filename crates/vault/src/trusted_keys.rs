//! Signatures of others (Ed25519, RFC 8032), by keys that the operator trusts.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ed25519_dalek::{Signature, VerifyingKey};
use thiserror::Error;

use crate::key_ring::is_key_id;

/// What stands before the key where OpenSSL writes it (SubjectPublicKeyInfo, RFC 8410 section 4).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// What is wrong with configured keys. An entry is named by its place, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TrustedKeysError {
    /// It is not an id and a key.
    #[error("entry {entry}: expected <id>:<base64 of a public Ed25519 key>, the id of 1 to 32 characters of a-z, 0-9, _ and -")]
    BadEntry {
        /// Place of the entry.
        entry: usize,
    },
    /// What stands there is no public key that could be trusted.
    #[error("entry {entry}: not a public Ed25519 key")]
    BadKey {
        /// Place of the entry.
        entry: usize,
    },
    /// Two entries have the same id.
    #[error("entry {entry}: its id is already taken by an earlier entry")]
    DuplicateId {
        /// Place of the later entry.
        entry: usize,
    },
}

/// Public keys that are trusted, each with an id. There may be none.
#[derive(Clone, Default)]
pub struct TrustedKeys(Vec<(String, VerifyingKey)>);

impl TrustedKeys {
    /// Reads `<id>:<base64>`, several separated by commas; nothing but space is no key. The base64 is that of the 32 bytes of a key, or
    /// what `openssl pkey -pubout` writes between its two lines.
    ///
    /// # Errors
    /// [`TrustedKeysError`].
    pub fn parse(configured: &str) -> Result<Self, TrustedKeysError> {
        let mut keys: Vec<(String, VerifyingKey)> = Vec::new();
        if configured.trim().is_empty() {
            return Ok(Self(keys));
        }
        for (text, entry) in configured.split(',').zip(1..) {
            let bad_entry = TrustedKeysError::BadEntry { entry };
            let (id, encoded) = text.trim().split_once(':').ok_or_else(|| bad_entry.clone())?;
            if !is_key_id(id) {
                return Err(bad_entry);
            }
            if keys.iter().any(|(earlier, _)| earlier == id) {
                return Err(TrustedKeysError::DuplicateId { entry });
            }
            keys.push((id.to_owned(), public_key(encoded).ok_or(TrustedKeysError::BadKey { entry })?));
        }
        Ok(Self(keys))
    }

    /// Whether nobody is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The id of the key that a message was signed with; `signature` in base64. `None`, if it was none of these.
    #[must_use]
    pub fn signer(&self, message: &[u8], signature: &str) -> Option<&str> {
        let bytes: [u8; 64] = BASE64.decode(signature).ok()?.try_into().ok()?;
        let signature = Signature::from_bytes(&bytes);
        // Strictly, so that there is only one signature for a message and a key, and none that fits several messages.
        let signed = |key: &VerifyingKey| key.verify_strict(message, &signature).is_ok();
        self.0.iter().find(|(_, key)| signed(key)).map(|(id, _)| id.as_str())
    }
}

impl fmt::Debug for TrustedKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(|(id, _)| id)).finish()
    }
}

/// One of small order is no key: signatures of it fit any message.
fn public_key(encoded: &str) -> Option<VerifyingKey> {
    let decoded = BASE64.decode(encoded).ok()?;
    let bytes = decoded.strip_prefix(&SPKI_PREFIX).unwrap_or(&decoded);
    let key = VerifyingKey::from_bytes(bytes.try_into().ok()?).ok()?;
    (!key.is_weak()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 8032, section 7.1, test 2.
    const KEY: &str = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";
    const SIGNATURE: &str = "kqAJqfDUyrhyDoILX2QlQKKye1QWUD+Ps3YiI+vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA==";
    // The key of test 1.
    const OTHER: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    #[test]
    fn a_signature_names_the_key_it_was_made_with() {
        let keys = TrustedKeys::parse(&format!("a:{OTHER}, b:{KEY}")).unwrap();
        assert_eq!(keys.signer(b"\x72", SIGNATURE), Some("b"));
        assert_eq!(keys.signer(b"\x73", SIGNATURE), None);
        assert_eq!(TrustedKeys::parse(&format!("a:{OTHER}")).unwrap().signer(b"\x72", SIGNATURE), None);
        assert_eq!(TrustedKeys::default().signer(b"\x72", SIGNATURE), None);
        for bad in ["", "x", &SIGNATURE[4..], &SIGNATURE.replace("kqA", "kqB"), &format!(" {SIGNATURE}"), "\u{202e}"] {
            assert_eq!(keys.signer(b"\x72", bad), None, "{bad}");
        }
    }

    #[test]
    fn a_key_is_read_as_openssl_writes_it() {
        let spki = BASE64.encode([&SPKI_PREFIX[..], &BASE64.decode(KEY).unwrap()].concat());
        assert!(spki.starts_with("MCowBQYDK2VwAyEA"));
        assert_eq!(TrustedKeys::parse(&format!("b:{spki}")).unwrap().signer(b"\x72", SIGNATURE), Some("b"));
    }

    #[test]
    fn what_is_no_key_is_named_by_its_place() {
        assert!(TrustedKeys::parse(" ").unwrap().is_empty());
        let bad_entry = |entry| Err(TrustedKeysError::BadEntry { entry });
        let bad_key = |entry| Err(TrustedKeysError::BadKey { entry });
        let read = |text: &str| TrustedKeys::parse(text).map(|_| ());
        assert_eq!(read(KEY), bad_entry(1));
        assert_eq!(read(&format!("a:{KEY},")), bad_entry(2));
        assert_eq!(read(&format!("A:{KEY}")), bad_entry(1));
        assert_eq!(read(&format!("a:{KEY},a:{OTHER}")), Err(TrustedKeysError::DuplicateId { entry: 2 }));
        for bad in ["", "AAAA", "!", SIGNATURE] {
            assert_eq!(read(&format!("a:{bad}")), bad_key(1), "{bad}");
        }
        // The neutral element, and a point of order 8: signatures of them fit anything.
        for weak in ["AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "xxdqcD1N2E+6PAt2DRBnDyogU/osOczGTsf9d5KsA3o="] {
            assert_eq!(read(&format!("a:{weak}")), bad_key(1), "{weak}");
        }
    }
}
