//! Accepting messages.

use clawstead_domain::Refusal;
use clawstead_domain::config::{QueuePolicy, RetryPolicy};
use clawstead_domain::conversation::{self, ConversationEvent, Enqueue};
use clawstead_ledger::{Engine, Event, Expected};
use serde::Serialize;

use crate::{Cx, OperationError, agents, configs};

/// An accepted message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Accepted {
    /// Its id.
    pub message_id: String,
    /// Where it went.
    pub conversation_id: String,
    /// Whether it was accepted by an earlier command with the same dedup key.
    #[serde(skip)]
    pub repeated: bool,
}

/// Accepts a message; a command with a dedup key that was accepted before gives the message of that time.
///
/// The order in a conversation is the order of the events, so nothing has to be read of it, and two that come at once
/// do not get into each other's way.
///
/// # Errors
/// When a value cannot be, or the agent or the conversation does not take it.
pub async fn enqueue<E: Engine>(
    cx: &Cx<'_, E>,
    command: &Enqueue,
    dedup_key: Option<String>,
) -> Result<Accepted, OperationError> {
    let policies = configs::load(cx).await?;
    let (queue, retry): (QueuePolicy, RetryPolicy) = (policies.get()?, policies.get()?);
    let agent = agents::find(cx, &command.agent_key).await?;
    let message_id = cx.new_id();
    let decided = conversation::enqueue(command, agent.as_ref(), &queue, &retry, message_id.clone(), cx.now);
    let event = match (decided, &dedup_key) {
        (Ok(event), _) => event,
        // What was accepted once stays accepted, also when the agent has been disabled since.
        (Err(refusal), Some(key)) => return earlier(cx, key).await?.ok_or_else(|| refusal.into()),
        (Err(refusal), None) => return Err(refusal.into()),
    };
    match append(cx, &command.conversation_id, event, dedup_key).await {
        Ok(Some(first)) => accepted_before(&first),
        Ok(None) => Ok(Accepted { message_id, conversation_id: command.conversation_id.clone(), repeated: false }),
        Err(OperationError::Rule(rule)) if rule == "conversation_belongs_to_another_agent" => {
            Err(Refusal::conflict("conversation_of_another_agent", "the conversation belongs to another agent").into())
        }
        Err(error) => Err(error),
    }
}

async fn append<E: Engine>(
    cx: &Cx<'_, E>,
    conversation_id: &str,
    event: ConversationEvent,
    dedup_key: Option<String>,
) -> Result<Option<Event>, OperationError> {
    match dedup_key {
        Some(key) => cx.append_once(conversation_id, Expected::Any, &[event], key).await,
        None => cx.append(conversation_id, Expected::Any, &[event]).await.map(|()| None),
    }
}

async fn earlier<E: Engine>(cx: &Cx<'_, E>, dedup_key: &str) -> Result<Option<Accepted>, OperationError> {
    cx.ledger.by_dedup_key(dedup_key).await?.map(|event| accepted_before(&event)).transpose()
}

fn accepted_before(event: &Event) -> Result<Accepted, OperationError> {
    let message_id = event.data["message_id"].as_str();
    let conversation_id = event.stream.strip_prefix("conversation-");
    let (Some(message_id), Some(conversation_id)) = (message_id, conversation_id) else {
        return Err(OperationError::unexpected("the first outcome of an enqueue"));
    };
    Ok(Accepted { message_id: message_id.to_owned(), conversation_id: conversation_id.to_owned(), repeated: true })
}
