//! Keys of consumer apps.

use serde::{Deserialize, Serialize};

use crate::{DomainEvent, Refusal, text};

/// Events of an API key's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum ApiKeyEvent {
    /// A key was made. Only its hash is kept.
    ApiKeyCreated {
        /// For people.
        name: String,
        /// SHA-256 of the key, hex.
        hash: String,
        /// What it may do.
        scopes: Vec<Scope>,
    },
    /// It is refused from now on.
    ApiKeyRevoked {},
}

impl DomainEvent for ApiKeyEvent {
    const KIND: &'static str = "apikey";
}

/// What a key may do for its users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Read the queue's figures.
    Stats,
    /// Enqueue messages, and read messages and conversations.
    Messages,
    /// Make pairing codes and read bindings.
    Pairing,
}

/// Makes a key.
///
/// # Errors
/// When the name or the scopes cannot be.
pub fn create(name: &str, hash: String, mut scopes: Vec<Scope>) -> Result<ApiKeyEvent, Refusal> {
    text::check_text("name", name, 128)?;
    if scopes.is_empty() {
        return Err(Refusal::invalid("scopes", "must name at least one"));
    }
    scopes.dedup();
    Ok(ApiKeyEvent::ApiKeyCreated { name: name.to_owned(), hash, scopes })
}
