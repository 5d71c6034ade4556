//! Broadcasts: one text to all users and agents that are bound to each other, walked in steps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{company_of, title_of};
use crate::api_key::Reach;
use crate::conversation::TEXT_BYTES_MAX;
use crate::{DomainEvent, Refusal, text};

/// A broadcast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broadcast {
    /// Its id.
    pub broadcast_id: String,
    /// In the name of which company.
    pub company_id: Option<String>,
    /// What stands above the text.
    pub title: String,
    /// What is said.
    pub text: String,
    /// Who wants it.
    pub requested_by: String,
    /// To these agents only.
    pub agents: Option<Vec<String>>,
    /// To these users only.
    pub users: Option<Vec<String>>,
    /// `running`, `done`, or `failed`: it went to the end, and some were not reached.
    pub status: String,
    /// So many users and agents were found.
    pub total_targets: i64,
    /// So many of them have their message.
    pub enqueued: i64,
    /// So many have none.
    pub failed: i64,
    /// When it began.
    pub started_at: i64,
    /// When it went to the end.
    pub completed_at: Option<i64>,
    /// SHA-256 of the request that began it.
    #[serde(skip)]
    pub request_hash: Option<String>,
    /// The user and the agent that the last step ended with.
    #[serde(skip)]
    pub place: (String, String),
    /// Version of its stream.
    #[serde(skip)]
    pub stream_version: i64,
}

/// A user and an agent that were not reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The user.
    pub consumer_user_id: String,
    /// The agent.
    pub agent_key: String,
    /// The code of the refusal.
    pub error: String,
}

/// What one step of a broadcast came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The last user that it reached.
    pub through_user: String,
    /// And that user's agent.
    pub through_agent: String,
    /// Messages.
    pub enqueued: i64,
    /// Who has none.
    pub failures: Vec<Failure>,
    /// Whether it was the last step.
    pub is_last: bool,
}

/// Events of a broadcast's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum BroadcastEvent {
    /// Somebody wants it.
    BroadcastStarted {
        /// In the name of which company.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        company_id: Option<String>,
        /// What stands above the text.
        title: String,
        /// What is said.
        text: String,
        /// Who wants it.
        requested_by: String,
        /// To these agents only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agents: Option<Vec<String>>,
        /// To these users only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        users: Option<Vec<String>>,
        /// SHA-256 of the request, for one with an idempotency key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_hash: Option<String>,
    },
    /// Some more users and agents have their message.
    BroadcastAdvanced(Step),
}

impl DomainEvent for BroadcastEvent {
    const KIND: &'static str = "broadcast";
}

/// A broadcast that is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BroadcastDraft {
    /// In the name of which company.
    pub company_id: Option<String>,
    /// What stands above the text.
    pub title: String,
    /// What is said.
    pub text: String,
    /// Who wants it.
    pub requested_by: String,
    /// For whom it may be.
    pub reach: Reach,
    /// SHA-256 of the request, for one with an idempotency key.
    pub request_hash: Option<String>,
}

/// For a broadcast that is not there.
pub fn broadcast_not_found() -> Refusal {
    Refusal::not_found("broadcast_not_found", "there is no such broadcast")
}

/// Begins a broadcast.
///
/// # Errors
/// When a value cannot be.
pub fn start_broadcast(draft: &BroadcastDraft) -> Result<BroadcastEvent, Refusal> {
    text::check_text("requested_by", &draft.requested_by, text::ID_BYTES_MAX)?;
    text::check_text("text", &draft.text, TEXT_BYTES_MAX)?;
    let title = title_of(&draft.title)?;
    text::check_length("text", &joined(&title, &draft.text), TEXT_BYTES_MAX)?;
    Ok(BroadcastEvent::BroadcastStarted {
        company_id: company_of(draft.company_id.as_deref())?,
        title,
        text: draft.text.trim().to_owned(),
        requested_by: draft.requested_by.clone(),
        agents: draft.reach.agents.clone(),
        users: draft.reach.users.clone(),
        request_hash: draft.request_hash.clone(),
    })
}

/// What each user's agent is told.
pub fn text_of_broadcast(broadcast: &Broadcast) -> String {
    joined(&broadcast.title, &broadcast.text)
}

fn joined(title: &str, text: &str) -> String {
    format!("{title}\n\n{}", text.trim())
}

/// What goes along with the message to a user and an agent.
pub fn metadata_of_broadcast(broadcast: &Broadcast, consumer_user_id: &str, agent_key: &str) -> BTreeMap<String, String> {
    let run_key = format!("broadcast:{}:{agent_key}", broadcast.broadcast_id);
    let mut known = BTreeMap::from([
        ("source".to_owned(), "broadcast".to_owned()),
        ("consumerUserId".to_owned(), consumer_user_id.to_owned()),
        ("broadcastId".to_owned(), broadcast.broadcast_id.clone()),
        ("runKey".to_owned(), run_key),
        ("adminInitiated".to_owned(), "true".to_owned()),
    ]);
    known.extend(broadcast.company_id.clone().map(|company_id| ("companyId".to_owned(), company_id)));
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_name_the_field() {
        let draft = || BroadcastDraft {
            title: "News".into(),
            text: "Hello".into(),
            requested_by: "ada".into(),
            ..BroadcastDraft::default()
        };
        assert!(start_broadcast(&draft()).is_ok());
        for (bad, name) in [
            (BroadcastDraft { title: " ".into(), ..draft() }, "title"),
            (BroadcastDraft { text: " ".into(), ..draft() }, "text"),
            (BroadcastDraft { text: "x".repeat(TEXT_BYTES_MAX - 5), ..draft() }, "text"),
            (BroadcastDraft { requested_by: String::new(), ..draft() }, "requested_by"),
            (BroadcastDraft { company_id: Some("a b".into()), ..draft() }, "company_id"),
        ] {
            assert_eq!(start_broadcast(&bad).unwrap_err().field, Some(name));
        }
    }
}
