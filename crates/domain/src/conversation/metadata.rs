//! What a worker adds to what is known of a message.

use std::collections::BTreeMap;

use super::event::ConversationEvent;
use super::facts::Lease;
use crate::{Refusal, text};

/// A message has at most so many entries, those of its sender included.
pub const METADATA_ENTRIES_MAX: usize = 64;
const VALUE_BYTES_MAX: usize = 4 * 1024;

/// Attaches metadata under the live lease of the message; `known` is what it has, and what is new wins.
///
/// # Errors
/// When there would be too much of it.
pub fn attach_metadata(
    lease: &Lease,
    known: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
) -> Result<ConversationEvent, Refusal> {
    for (key, value) in new {
        text::check_text("metadata", key, text::ID_BYTES_MAX)?;
        text::check_length("metadata", value, VALUE_BYTES_MAX)?;
    }
    let added = new.keys().filter(|key| !known.contains_key(*key)).count();
    if known.len() + added > METADATA_ENTRIES_MAX {
        return Err(Refusal::invalid("metadata", format!("must have at most {METADATA_ENTRIES_MAX} entries")));
    }
    Ok(ConversationEvent::MetadataAttached { message_id: lease.message_id.clone(), metadata: new.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(from: usize, to: usize) -> BTreeMap<String, String> {
        (from..to).map(|number| (number.to_string(), String::new())).collect()
    }

    #[test]
    fn entries_are_bounded_and_replacing_one_adds_none() {
        let lease = Lease { message_id: "m".into(), lease_id: "l".into(), worker_id: "w".into(), expires_at: 1 };
        let known = entries(0, 60);
        assert!(attach_metadata(&lease, &known, &entries(56, 64)).is_ok());
        assert_eq!(attach_metadata(&lease, &known, &entries(60, 65)).unwrap_err().field, Some("metadata"));
        let long = BTreeMap::from([("k".to_owned(), "x".repeat(VALUE_BYTES_MAX + 1))]);
        assert!(attach_metadata(&lease, &known, &long).is_err());
    }
}
