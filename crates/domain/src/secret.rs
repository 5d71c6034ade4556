//! Secrets: which version of which is in force. Values are never here; they are sealed by `crates/vault`.

use serde::{Deserialize, Serialize};

use crate::{DomainEvent, Refusal, text};

/// Longest value, bytes.
pub const VALUE_BYTES_MAX: usize = 16 * 1024;

/// Events of a secret's stream; its id is the ref.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum SecretEvent {
    /// The first version.
    SecretImported {
        /// 1.
        version: i64,
        /// Where its sealed bytes are.
        sealed_id: String,
    },
    /// A later version, which is the active one from now on.
    SecretRotated {
        /// Its number.
        version: i64,
        /// Where its sealed bytes are.
        sealed_id: String,
        /// Whether the version before is good until somebody says otherwise, and not destroyed at the next tick.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        holds_earlier: bool,
    },
    /// No version is in force from now on, and the bytes of this one are about to be destroyed.
    SecretWithdrawn {
        /// Its number.
        version: i64,
    },
    /// The bytes of a version are gone.
    SecretDestroyed {
        /// Its number.
        version: i64,
    },
}

impl DomainEvent for SecretEvent {
    const KIND: &'static str = "secret";
}

/// The event that puts `version` in force, whose sealed bytes are at `sealed_id`.
pub fn put_in_force(version: i64, sealed_id: String, holds_earlier: bool) -> SecretEvent {
    if version == 1 {
        return SecretEvent::SecretImported { version, sealed_id };
    }
    SecretEvent::SecretRotated { version, sealed_id, holds_earlier }
}

/// Checks a ref and a value.
///
/// # Errors
/// A refusal that names the field, never the value.
pub fn check(secret_ref: &str, value: &str) -> Result<(), Refusal> {
    text::check_id("secret_ref", secret_ref)?;
    text::check_text("plaintext_value", value, VALUE_BYTES_MAX)
}
