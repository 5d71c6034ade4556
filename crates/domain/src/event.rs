//! What all events have in common.

use serde::Serialize;
use serde_json::Value;

/// An event as the log takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// Name of the event.
    pub event_type: String,
    /// Shape of the data.
    pub schema: i64,
    /// What happened.
    pub data: Value,
}

/// An enum of the events of one stream kind, serialised as `{"type": …, "data": …}`.
pub trait DomainEvent: Serialize {
    /// The stream kind, as in the stream's name.
    const KIND: &'static str;

    /// The event as the log takes it.
    fn encode(&self) -> Encoded {
        let mut whole = serde_json::to_value(self).expect("events hold nothing that JSON lacks");
        let event_type = whole["type"].as_str().expect("events are tagged with their type").to_owned();
        Encoded { event_type, schema: 1, data: whole["data"].take() }
    }
}
