//! What happens to a template. That it was sent is said by the event of the message.

use serde::{Deserialize, Serialize};

use crate::DomainEvent;

/// Events of a template's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum TemplateEvent {
    /// It was made.
    TemplateCreated {
        /// Whose it is, for ever; nobody's when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        company_id: Option<String>,
        /// Its name for programs.
        template_key: String,
        /// Its name for people.
        title: String,
        /// What is sent.
        text: String,
        /// Sorted.
        tags: Vec<String>,
        /// Whether it may be sent.
        enabled: bool,
        /// Who made it.
        by: String,
    },
    /// It was changed. What is left out stays.
    TemplateChanged {
        /// Its name for programs, which follows its title.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        template_key: Option<String>,
        /// Its name for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// What is sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// Sorted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tags: Option<Vec<String>>,
        /// Whether it may be sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        enabled: Option<bool>,
        /// Who changed it.
        by: String,
    },
    /// It is gone, and its key is free.
    TemplateDeleted {},
}

impl DomainEvent for TemplateEvent {
    const KIND: &'static str = "template";
}
