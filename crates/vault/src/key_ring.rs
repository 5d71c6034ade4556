use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::{Zeroize, Zeroizing};

use crate::KeyRingError;

const KEY_BYTES: usize = 32;
const KEY_ID_CHARS_MAX: usize = 32;

/// Key generators differ in whether they write the padding; both spellings name the same bytes.
const KEY_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) bytes: Zeroizing<[u8; KEY_BYTES]>,
}

/// The master keys: the first one seals, every one opens. Rotation is to put a new key in front, to seal all secrets
/// again, and then to take the old key away.
pub struct KeyRing {
    active: Key,
    retired: Vec<Key>,
}

impl KeyRing {
    /// Reads `<id>:<base64 of 32 bytes>`, several separated by commas, the active one first. Space around an entry is
    /// ignored.
    ///
    /// # Errors
    /// [`KeyRingError`], which names the place of the bad entry and never its text.
    pub fn parse(configured: &str) -> Result<Self, KeyRingError> {
        if configured.trim().is_empty() {
            return Err(KeyRingError::Empty);
        }
        let mut keys: Vec<Key> = Vec::new();
        for (index, text) in configured.split(',').enumerate() {
            let entry = index + 1;
            let key = parse_entry(text.trim(), entry)?;
            if keys.iter().any(|earlier| earlier.id == key.id) {
                return Err(KeyRingError::DuplicateId { entry });
            }
            keys.push(key);
        }
        let active = keys.remove(0);
        Ok(Self { active, retired: keys })
    }

    /// Id of the key that seals. A secret sealed with another one is due to be sealed again.
    #[must_use]
    pub fn active_key_id(&self) -> &str {
        &self.active.id
    }

    /// Whether a key is on the ring.
    #[must_use]
    pub fn has(&self, key_id: &str) -> bool {
        self.find(key_id).is_some()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.active).chain(&self.retired)
    }

    pub(crate) fn active(&self) -> &Key {
        &self.active
    }

    pub(crate) fn find(&self, key_id: &str) -> Option<&Key> {
        self.all().find(|key| key.id == key_id)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let retired: Vec<&str> = self.retired.iter().map(|key| key.id.as_str()).collect();
        formatter.debug_struct("KeyRing").field("active", &self.active.id).field("retired", &retired).finish()
    }
}

fn parse_entry(text: &str, entry: usize) -> Result<Key, KeyRingError> {
    let (id, encoded) = text.split_once(':').ok_or(KeyRingError::NoColon { entry })?;
    if !is_key_id(id) {
        return Err(KeyRingError::BadId { entry });
    }
    let mut decoded = KEY_BASE64.decode(encoded).map_err(|_| KeyRingError::BadBase64 { entry })?;
    let bytes = <[u8; KEY_BYTES]>::try_from(decoded.as_slice())
        .map(Zeroizing::new)
        .map_err(|_| KeyRingError::BadLength { entry, bytes: decoded.len() });
    decoded.zeroize();
    Ok(Key { id: id.to_owned(), bytes: bytes? })
}

pub(crate) fn is_key_id(id: &str) -> bool {
    (1..=KEY_ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
}
