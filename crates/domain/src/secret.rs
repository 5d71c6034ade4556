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
    },
    /// A later version, which is the active one from now on.
    SecretRotated {
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

/// The event for a new value, of a secret whose newest version is `newest` (0: none yet).
pub fn import(newest: i64) -> SecretEvent {
    if newest == 0 {
        return SecretEvent::SecretImported { version: 1 };
    }
    SecretEvent::SecretRotated { version: newest + 1 }
}

/// Checks a ref and a value.
///
/// # Errors
/// A refusal that names the field, never the value.
pub fn check(secret_ref: &str, value: &str) -> Result<(), Refusal> {
    text::check_id("secret_ref", secret_ref)?;
    text::check_text("plaintext_value", value, VALUE_BYTES_MAX)
}
