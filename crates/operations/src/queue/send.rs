//! Saying something to an agent in the name of a user: a text, or a message template.

use std::collections::BTreeMap;

use clawstead_domain::binding::Binding;
use clawstead_domain::conversation::Enqueue;
use clawstead_domain::template;
use clawstead_ledger::Engine;
use serde::Serialize;

use super::enqueue::{Accepted, accepted_under, enqueue};
use super::user_agent::bound;
use crate::{Cx, OperationError, templates};

/// Metadata that says where an answer goes. Only a binding decides that.
const ROUTING: [&str; 2] = ["telegramChatId", "telegramUserId"];

/// What is said in the name of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// This text.
    Text(String),
    /// The text of the template with this id.
    Template(String),
}

/// A message to send in the name of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserMessage {
    /// In whose name.
    pub consumer_user_id: String,
    /// To whom.
    pub agent_key: String,
    /// What.
    pub said: Said,
    /// What the worker needs besides. What we know ourselves wins.
    pub metadata: BTreeMap<String, String>,
    /// SHA-256 of the request, for one with an idempotency key.
    pub request_hash: Option<String>,
}

impl UserMessage {
    /// What a user says to an agent, and no more.
    pub fn new(consumer_user_id: &str, agent_key: &str, said: Said) -> Self {
        let (consumer_user_id, agent_key) = (consumer_user_id.to_owned(), agent_key.to_owned());
        Self { consumer_user_id, agent_key, said, metadata: BTreeMap::new(), request_hash: None }
    }
}

/// A message that was sent in the name of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// The message.
    #[serde(flatten)]
    pub accepted: Accepted,
    /// How often its template has been used now; without a template, or when that is gone, `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage_count: Option<i64>,
}

/// Sends something to the agent in the name of a user. The answer goes where the user's binding says. What was accepted under
/// the same dedup key before is given again, also when the template or the binding is gone since.
///
/// # Errors
/// When the template is not there or disabled, the user is not bound to the agent now, and as for [`enqueue`].
pub async fn send_as_user<E: Engine>(
    cx: &Cx<'_, E>,
    message: &UserMessage,
    dedup_key: Option<String>,
) -> Result<Sent, OperationError> {
    let accepted = match command(cx, message).await {
        Ok(command) => enqueue(cx, &command, dedup_key).await?,
        Err(OperationError::Refused(refusal)) => {
            let Some(key) = dedup_key else { return Err(refusal.into()) };
            let first = accepted_under(cx, &key, message.request_hash.as_deref()).await?;
            first.ok_or(OperationError::Refused(refusal))?
        }
        Err(error) => return Err(error),
    };
    let usage_count = match &message.said {
        Said::Text(_) => None,
        Said::Template(template_id) => templates::usage_count(cx, template_id).await?,
    };
    Ok(Sent { accepted, usage_count })
}

async fn command<E: Engine>(cx: &Cx<'_, E>, message: &UserMessage) -> Result<Enqueue, OperationError> {
    let mut metadata = message.metadata.clone();
    metadata.retain(|key, _| !ROUTING.contains(&key.as_str()));
    let mut know = |name: &str, value: &str| drop(metadata.insert(name.to_owned(), value.to_owned()));
    know("consumerUserId", &message.consumer_user_id);
    let (text, template_id) = match &message.said {
        Said::Text(text) => {
            know("source", "user_agent_api");
            (text.clone(), None)
        }
        Said::Template(template_id) => {
            let template = templates::get(cx, template_id).await?;
            if !template.enabled {
                return Err(template::not_found().into());
            }
            know("source", "message_template");
            know("templateId", template_id);
            know("templateKey", &template.template_key);
            (template.text, Some(template.template_id))
        }
    };
    let binding = bound(cx, &message.consumer_user_id, &message.agent_key).await?;
    let request_hash = message.request_hash.clone();
    Ok(Enqueue { template_id, request_hash, ..to_binding(binding, text, metadata) })
}

/// What is said through a binding, in the name of its user. The answer goes where the binding says.
pub(crate) fn to_binding(binding: Binding, text: String, metadata: BTreeMap<String, String>) -> Enqueue {
    let mut command = Enqueue {
        conversation_id: binding.conversation_id,
        agent_key: binding.agent_key,
        provider: "system_push".to_owned(),
        provider_user_id: binding.consumer_user_id,
        text,
        metadata,
        ..Enqueue::default()
    };
    if let (Some(user_id), Some(chat_id)) = (binding.telegram_user_id, binding.telegram_chat_id) {
        command.metadata.insert("telegramChatId".to_owned(), chat_id);
        command.metadata.insert("telegramUserId".to_owned(), user_id.clone());
        command.provider = "telegram".to_owned();
        command.provider_user_id = user_id;
    }
    command
}
