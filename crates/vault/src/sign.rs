use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::KeyRing;
use crate::hash::constant_time_eq;
use crate::key_ring::Key;

/// Keeps keys for signing apart from the master keys, which seal.
const DERIVATION: &[u8] = b"clawstead/sign/1/";

impl KeyRing {
    /// Signs a message with the active key, for one purpose: `<key id>.<HMAC-SHA256 in hex>`. A signature for one purpose is
    /// none for another.
    #[must_use]
    pub fn sign(&self, purpose: &str, message: &[u8]) -> String {
        let key = self.active();
        format!("{}.{}", key.id, hex::encode(mac(key, purpose, message).finalize().into_bytes()))
    }

    /// 32 bytes that only the active key gives for this purpose and message, the same ones every time.
    #[must_use]
    pub fn derive(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        mac(self.active(), purpose, message).finalize().into_bytes().into()
    }

    /// What [`KeyRing::derive`] gives, or gave while another key of the ring was the active one.
    pub fn derivations<'a>(&'a self, purpose: &'a str, message: &'a [u8]) -> impl Iterator<Item = [u8; 32]> + 'a {
        self.all().map(move |key| mac(key, purpose, message).finalize().into_bytes().into())
    }

    /// Whether a signature is one that [`KeyRing::sign`] gave, with any key that is still on the ring.
    #[must_use]
    pub fn is_signed(&self, purpose: &str, message: &[u8], signature: &str) -> bool {
        let Some((key_id, tag)) = signature.split_once('.') else { return false };
        let Some(key) = self.find(key_id) else { return false };
        // Compared as text: what was written otherwise, in capitals for instance, is no signature of ours.
        let right = hex::encode(mac(key, purpose, message).finalize().into_bytes());
        constant_time_eq(right.as_bytes(), tag.as_bytes())
    }
}

fn mac(key: &Key, purpose: &str, message: &[u8]) -> Hmac<Sha256> {
    let mut derived = keyed(key.bytes.as_slice());
    derived.update(DERIVATION);
    derived.update(purpose.as_bytes());
    let mut mac = keyed(&derived.finalize().into_bytes());
    mac.update(message);
    mac
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use crate::KeyRing;

    const OLD: &str = "old:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const NEW: &str = "new:HxwdHhsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

    fn ring(keys: &str) -> KeyRing {
        KeyRing::parse(keys).unwrap()
    }

    #[test]
    fn a_signature_holds_for_its_message_and_purpose_only() {
        let ring = ring(OLD);
        let signature = ring.sign("files", b"get a");
        assert!(ring.is_signed("files", b"get a", &signature));
        assert!(!ring.is_signed("files", b"get b", &signature));
        assert!(!ring.is_signed("other", b"get a", &signature));
        let (cut, capitals) = (&signature[..signature.len() - 2], signature.to_uppercase().replace("OLD.", "old."));
        for forged in ["", "old", "old.", "old.00", "none.00", &signature.replace("old.", "new."), cut, &capitals] {
            assert!(!ring.is_signed("files", b"get a", forged), "{forged}");
        }
    }

    #[test]
    fn what_is_derived_is_found_again_after_the_key_was_rotated() {
        let derived = ring(OLD).derive("codes", b"m");
        assert_eq!(ring(OLD).derive("codes", b"m"), derived);
        assert_ne!(ring(OLD).derive("codes", b"n"), derived);
        assert_ne!(ring(OLD).derive("other", b"m"), derived);
        let rotated = ring(&format!("{NEW},{OLD}"));
        assert_ne!(rotated.derive("codes", b"m"), derived);
        assert!(rotated.derivations("codes", b"m").any(|one| one == derived));
    }

    #[test]
    fn a_rotated_key_still_verifies_until_it_is_taken_away() {
        let signature = ring(OLD).sign("files", b"m");
        assert!(ring(&format!("{NEW},{OLD}")).is_signed("files", b"m", &signature));
        assert!(!ring(NEW).is_signed("files", b"m", &signature));
    }
}
