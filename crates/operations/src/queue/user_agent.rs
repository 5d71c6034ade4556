//! A user of a consumer app and an agent: their conversation, found by their binding.

use clawstead_domain::Refusal;
use clawstead_domain::binding::Binding;
use clawstead_domain::config::MessagesPolicy;
use clawstead_domain::conversation::Status;
use clawstead_ledger::Engine;

use super::history::newest_turns;
use super::list::{MessageItem, Page, messages};
use super::views::{self, TurnView};
use crate::{Cx, OperationError, bindings, configs};

/// The conversation of a user and an agent.
#[derive(Debug, Clone, PartialEq)]
pub struct UserConversation {
    /// Its id.
    pub conversation_id: String,
    /// The newest turns within the budget of the policy `messages`, oldest of them first.
    pub turns: Vec<TurnView>,
    /// The newest messages, newest first.
    pub items: Vec<MessageItem>,
    /// Whether a message has not ended.
    pub has_open: bool,
    /// When the user last said something.
    pub user_turn_at: Option<i64>,
    /// When the agent last said something.
    pub agent_turn_at: Option<i64>,
}

/// What a user and an agent are talking about.
///
/// # Errors
/// When the user is not bound to the agent now: what was said before belongs to whoever is bound.
pub async fn user_conversation<E: Engine>(
    cx: &Cx<'_, E>,
    consumer_user_id: &str,
    agent_key: &str,
    limit: i64,
) -> Result<UserConversation, OperationError> {
    let conversation_id = bound(cx, consumer_user_id, agent_key).await?.conversation_id;
    let view = existing(views::conversation(cx, &conversation_id).await)?;
    let Some(view) = view else {
        let (turns, items) = (Vec::new(), Vec::new());
        return Ok(UserConversation { conversation_id, turns, items, has_open: false, user_turn_at: None, agent_turn_at: None });
    };
    let policy: MessagesPolicy = configs::load(cx).await?.get()?;
    Ok(UserConversation {
        turns: newest_turns(cx, &conversation_id, &policy).await?,
        items: messages(cx, &conversation_id, None, Page::Newest, limit).await?,
        has_open: view.open_count > 0,
        user_turn_at: view.user_turn_at,
        agent_turn_at: view.agent_turn_at,
        conversation_id,
    })
}

/// The newest messages of a user and an agent, `limit` of them after the filter.
///
/// # Errors
/// When the user is not bound to the agent now.
pub async fn user_messages<E: Engine>(
    cx: &Cx<'_, E>,
    consumer_user_id: &str,
    agent_key: &str,
    statuses: Option<&[Status]>,
    limit: i64,
) -> Result<Vec<MessageItem>, OperationError> {
    let binding = bound(cx, consumer_user_id, agent_key).await?;
    let found = messages(cx, &binding.conversation_id, statuses, Page::Newest, limit).await;
    Ok(existing(found)?.unwrap_or_default())
}

/// The binding of a user to an agent.
///
/// # Errors
/// When there is none now.
pub(super) async fn bound<E: Engine>(cx: &Cx<'_, E>, consumer_user_id: &str, agent_key: &str) -> Result<Binding, OperationError> {
    let binding = bindings::of_user(cx, consumer_user_id, agent_key).await?;
    Ok(binding.ok_or_else(|| Refusal::not_found("no_active_binding", "the user is not bound to this agent"))?)
}

/// A binding is older than the first message of its conversation.
fn existing<T>(found: Result<T, OperationError>) -> Result<Option<T>, OperationError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(OperationError::Refused(refusal)) if refusal.code == "conversation_not_found" => Ok(None),
        Err(error) => Err(error),
    }
}
