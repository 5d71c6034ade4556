//! A sealed secret opens with what it was sealed for, and with nothing else.

use clawstead_vault::{KeyRing, NONCE_BYTES, Sealed, VaultError};
use proptest::collection::vec;
use proptest::prelude::*;

const OLD: &str = "old:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const NEW: &str = "new:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const OLD_ID_WITH_OTHER_BYTES: &str = "old:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

fn ring(configured: &str) -> KeyRing {
    KeyRing::parse(configured).expect("a good ring")
}

fn unicode() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..200).prop_map(|characters| characters.into_iter().collect())
}

fn nonce() -> impl Strategy<Value = [u8; NONCE_BYTES]> {
    any::<[u8; NONCE_BYTES]>()
}

fn refusal(ring: &KeyRing, reference: &str, version: u64, sealed: &Sealed) -> VaultError {
    ring.open(reference, version, sealed).expect_err("this must not open")
}

proptest! {
    #[test]
    fn any_text_comes_back(text in unicode(), reference in unicode(), version: u64, nonce in nonce()) {
        let ring = ring(OLD);
        let sealed = ring.seal(&reference, version, text.as_bytes(), nonce);
        let opened = ring.open_text(&reference, version, &sealed).expect("sealed just now");
        prop_assert_eq!(opened.expose(), &text);
        prop_assert_eq!(sealed.ciphertext.len(), text.len() + 16);
    }

    #[test]
    fn any_changed_byte_is_noticed(
        plaintext in vec(any::<u8>(), 0..64),
        nonce in nonce(),
        place: prop::sample::Index,
        change in 1..=u8::MAX,
    ) {
        let ring = ring(OLD);
        let sealed = ring.seal("bot.token", 1, &plaintext, nonce);

        let mut other_bytes = sealed.clone();
        let at = place.index(other_bytes.ciphertext.len());
        other_bytes.ciphertext[at] ^= change;
        prop_assert_eq!(refusal(&ring, "bot.token", 1, &other_bytes), VaultError::NotAuthentic);

        let mut other_nonce = sealed.clone();
        other_nonce.nonce[place.index(NONCE_BYTES)] ^= change;
        prop_assert_eq!(refusal(&ring, "bot.token", 1, &other_nonce), VaultError::NotAuthentic);

        let mut shorter = sealed;
        shorter.ciphertext.truncate(at);
        prop_assert_eq!(refusal(&ring, "bot.token", 1, &shorter), VaultError::NotAuthentic);
    }

    #[test]
    fn another_reference_or_version_does_not_open(
        reference in unicode(),
        other_reference in unicode(),
        version: u64,
        other_version: u64,
        nonce in nonce(),
    ) {
        prop_assume!((&reference, version) != (&other_reference, other_version));
        let ring = ring(OLD);
        let sealed = ring.seal(&reference, version, b"value", nonce);
        prop_assert_eq!(refusal(&ring, &other_reference, other_version, &sealed), VaultError::NotAuthentic);
    }
}

#[test]
fn a_retired_key_still_opens_and_the_active_one_seals() {
    let sealed_before = ring(OLD).seal("bot.token", 3, b"value", [1; NONCE_BYTES]);
    let rotated = ring(&format!("{NEW},{OLD}"));

    let opened = rotated.open("bot.token", 3, &sealed_before).expect("the old key is on the ring");
    let sealed_again = rotated.seal("bot.token", 3, opened.expose(), [2; NONCE_BYTES]);

    assert_eq!(sealed_again.key_id, rotated.active_key_id());
    let with_new_alone = ring(NEW).open("bot.token", 3, &sealed_again).expect("sealed with the new key");
    assert_eq!(with_new_alone.expose(), b"value");
}

#[test]
fn a_missing_key_and_a_key_changed_under_its_id_are_told_apart() {
    let sealed = ring(OLD).seal("bot.token", 1, b"value", [1; NONCE_BYTES]);
    let missing = VaultError::UnknownKey { key_id: "old".to_owned() };
    assert_eq!(refusal(&ring(NEW), "bot.token", 1, &sealed), missing);
    let changed = ring(OLD_ID_WITH_OTHER_BYTES);
    assert_eq!(refusal(&changed, "bot.token", 1, &sealed), VaultError::NotAuthentic);
}

#[test]
fn bytes_that_are_not_text_are_refused_as_text_only() {
    let ring = ring(OLD);
    let sealed = ring.seal("key", 1, &[0xFF, 0xFE], [1; NONCE_BYTES]);
    assert_eq!(ring.open_text("key", 1, &sealed).err(), Some(VaultError::NotText));
    assert!(ring.open("key", 1, &sealed).is_ok());
}

/// scheduler-fly.md X-4: secrets under a fixed mask, that anybody can take off, and that loses half of some characters.
#[test]
fn x_4_what_is_sealed_tells_nothing_without_the_key_and_comes_back_whole() {
    let (sealer, other) = (ring(OLD), ring(NEW));
    let (one, two) = ("fo1_ the token \u{1f980}", "fo1_ another one \u{1f980}");
    let nonces = [[1; NONCE_BYTES], [2; NONCE_BYTES]];
    let sealed = nonces.map(|nonce| sealer.seal("fly.apiToken", 1, one.as_bytes(), nonce));
    assert_eq!(sealer.open_text("fly.apiToken", 1, &sealed[0]).expect("sealed just now").expose(), one);
    assert_ne!(sealed[0].ciphertext, sealed[1].ciphertext, "the same text looks different each time");
    let second = sealer.seal("fly.apiToken", 1, two.as_bytes(), nonces[1]);
    let mask = |plain: &str, sealed: &Sealed| plain.bytes().zip(&sealed.ciphertext).map(|(a, b)| a ^ b).collect::<Vec<_>>();
    assert_ne!(mask(one, &sealed[0])[..5], mask(two, &second)[..5], "who knows one secret knows no mask for another");
    assert!(other.open("fly.apiToken", 1, &sealed[0]).is_err());
}
