//! Events: as they are handed in, and as the log keeps them.

use serde::{Deserialize, Serialize};

/// Which version the stream must have for an append to go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Whatever it has: for events whose truth does not depend on what was read.
    Any,
    /// Exactly this version; 0 for a stream that must not exist yet.
    Version(i64),
}

/// Who did it, and because of what. Stored with every event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// The principal, as `<kind>:<id>`; never a credential.
    pub actor: String,
    /// One id for everything that a single outside cause led to.
    pub correlation: String,
    /// The event or command that this one follows, when it is another than the correlation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub causation: Option<String>,
}

/// An event to append.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Id of the stream, without the kind.
    pub id: String,
    /// Version of the stream before this event. Of several events of one stream, each names the version before it.
    pub expected: Expected,
    /// Name of the event, past tense.
    pub event_type: String,
    /// Shape of `data`; 1 for the first.
    pub schema: i64,
    /// What happened.
    pub data: serde_json::Value,
    /// Instant, ms since the epoch.
    pub at: i64,
    /// Makes a repeat of the command a no-op. Unique in the whole log; on one event of a command.
    pub dedup_key: Option<String>,
}

/// An event of the log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// Place in the log: 1, 2, 3 … without gaps.
    pub position: i64,
    /// `<kind>-<id>`.
    pub stream: String,
    /// Place in the stream: 1, 2, 3 …
    pub version: i64,
    /// Name of the event.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Shape of `data`.
    pub schema: i64,
    /// Instant, ms since the epoch.
    pub at: i64,
    /// What happened.
    pub data: serde_json::Value,
    /// Who did it, and why.
    pub meta: serde_json::Value,
}

/// A dedup key of several parts. A JSON list, so that no choice of parts can collide with another.
pub fn dedup_key(parts: &[&str]) -> String {
    serde_json::Value::from(parts.to_vec()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_hold_the_separator_do_not_collide() {
        assert_ne!(dedup_key(&["a\",\"b", "c"]), dedup_key(&["a", "b\",\"c"]));
        assert_ne!(dedup_key(&["ab", "c"]), dedup_key(&["a", "bc"]));
    }
}
