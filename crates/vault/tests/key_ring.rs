//! What the key ring accepts, and what it says about what it does not.

use clawstead_vault::{KeyRing, KeyRingError};
use proptest::prelude::*;

const KEY_A: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const KEY_B: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

fn refusal(configured: &str) -> KeyRingError {
    KeyRing::parse(configured).expect_err("this ring is bad")
}

#[test]
fn the_first_key_is_the_active_one() {
    let ring = KeyRing::parse(&format!(" new-2:{KEY_A} ,\n old_1:{KEY_B}\n")).expect("a good ring");
    assert_eq!(ring.active_key_id(), "new-2");
    assert_eq!(format!("{ring:?}"), r#"KeyRing { active: "new-2", retired: ["old_1"] }"#);
}

#[test]
fn padding_may_be_left_out() {
    let ring = KeyRing::parse(&format!("k:{}", KEY_B.trim_end_matches('='))).expect("a good ring");
    assert_eq!(ring.active_key_id(), "k");
}

#[test]
fn each_mistake_has_its_own_error_with_the_place() {
    assert_eq!(refusal(" \n"), KeyRingError::Empty);
    assert_eq!(refusal(KEY_A), KeyRingError::NoColon { entry: 1 });
    assert_eq!(refusal(&format!("a:{KEY_A},")), KeyRingError::NoColon { entry: 2 });
    assert_eq!(refusal(&format!(":{KEY_A}")), KeyRingError::BadId { entry: 1 });
    assert_eq!(refusal(&format!("Prod:{KEY_A}")), KeyRingError::BadId { entry: 1 });
    assert_eq!(refusal(&format!("{}:{KEY_A}", "x".repeat(33))), KeyRingError::BadId { entry: 1 });
    assert_eq!(refusal(&format!("{KEY_A}:a")), KeyRingError::BadId { entry: 1 });
    assert_eq!(refusal("a:not base64!"), KeyRingError::BadBase64 { entry: 1 });
    assert_eq!(refusal("a:AAAA"), KeyRingError::BadLength { entry: 1, bytes: 3 });
    assert_eq!(refusal(&format!("a:{KEY_A},a:{KEY_B}")), KeyRingError::DuplicateId { entry: 2 });
}

proptest! {
    /// Whatever the mistake, at most a few characters of the setting can appear in the message by chance.
    #[test]
    fn no_error_quotes_the_setting(secret in "[A-Za-z0-9+/=:,]{12,80}") {
        if let Err(error) = KeyRing::parse(&secret) {
            let shown = format!("{error} {error:?}");
            let leaked = secret.as_bytes().windows(9).any(|part| {
                shown.as_bytes().windows(9).any(|seen| seen == part)
            });
            prop_assert!(!leaked, "the error quotes the setting: {shown}");
        }
    }
}
