//! Message templates: texts that a consumer app sends to agents again and again. One belongs to a company, or to nobody.

mod event;
mod key;
mod write;

use serde::Serialize;

pub use event::TemplateEvent;
pub use key::keys_of;
pub use write::{Change, Draft, change, create};

use crate::Refusal;

/// A template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Template {
    /// Its id.
    pub template_id: String,
    /// Whose it is; `None` when it is nobody's, and so for the whole deployment.
    pub company_id: Option<String>,
    /// Its name for programs, made from its title: no other template of its company has it.
    pub template_key: String,
    /// Its name for people.
    pub title: String,
    /// What is sent.
    pub text: String,
    /// Sorted.
    pub tags: Vec<String>,
    /// Whether it may be sent.
    pub enabled: bool,
    /// How many messages were made of it.
    pub usage_count: i64,
    /// Who made it.
    pub created_by: String,
    /// Who changed it last.
    pub updated_by: String,
    /// When it was made.
    pub created_at: i64,
    /// When it was changed last. Being sent is no change.
    pub updated_at: i64,
    /// Version of its stream.
    #[serde(skip)]
    pub stream_version: i64,
}

/// For a template that is not there, is another company's, or may not be sent.
pub fn not_found() -> Refusal {
    Refusal::not_found("template_not_found", "there is no such template")
}
