//! Accepting messages.

use clawstead_domain::Refusal;
use clawstead_domain::config::{QueuePolicy, RetryPolicy};
use clawstead_domain::conversation::{self, ConversationEvent, Enqueue};
use clawstead_ledger::{Engine, Event, Expected};
use clawstead_mutation::{Mutation, made};
use serde::Serialize;

use crate::{Cx, OperationError, agents, configs};

/// An accepted message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Accepted {
    /// Its id.
    pub message_id: String,
    /// Where it went.
    pub conversation_id: String,
    /// Whether it was accepted by an earlier command: with the same dedup key, or with the provider's same id of it.
    #[serde(skip)]
    pub repeated: bool,
}

/// Accepts a message. A command with a dedup key that was accepted before gives the message of that time, and so does one
/// with an external id that its conversation has from this provider.
///
/// The order in a conversation is the order of the events, so nothing has to be read of it, and two that come at once
/// do not get into each other's way.
///
/// # Errors
/// When a value cannot be, the agent or the conversation does not take it or is full, or the dedup key came with another
/// request before.
pub async fn enqueue<E: Engine>(
    cx: &Cx<'_, E>,
    command: &Enqueue,
    dedup_key: Option<String>,
) -> Result<Accepted, OperationError> {
    let policies = configs::load(cx).await?;
    let (queue, retry): (QueuePolicy, RetryPolicy) = (policies.get()?, policies.get()?);
    let agent = agents::settled(cx, &command.agent_key).await?;
    let message_id = cx.new_id();
    let decided = conversation::enqueue(command, agent.as_ref(), &queue, &retry, message_id.clone(), cx.now);
    let event = match decided {
        Ok(event) => event,
        // What was accepted once stays accepted, also when the agent has been disabled since.
        Err(refusal) => return earlier(cx, command, dedup_key).await?.ok_or_else(|| refusal.into()),
    };
    match append(cx, &command.conversation_id, event, dedup_key.clone()).await {
        Ok(Some(first)) => accepted_before(&first, command.request_hash.as_deref()),
        Ok(None) => Ok(Accepted { message_id, conversation_id: command.conversation_id.clone(), repeated: false }),
        Err(OperationError::Rule(rule)) => broken(cx, command, dedup_key, rule).await,
        Err(error) => Err(error),
    }
}

async fn append<E: Engine>(
    cx: &Cx<'_, E>,
    conversation_id: &str,
    event: ConversationEvent,
    dedup_key: Option<String>,
) -> Result<Option<Event>, OperationError> {
    let appended = match dedup_key.filter(|_| !made(Mutation::ForgottenKey)) {
        Some(key) => cx.append_once(conversation_id, Expected::Any, &[event], key).await,
        None => cx.append(conversation_id, Expected::Any, &[event]).await.map(|()| None),
    };
    match appended {
        Err(OperationError::Engine(_)) if made(Mutation::EarlyAnswer) => Ok(None),
        Ok(Some(_)) if made(Mutation::Startled) => Err(OperationError::unexpected("a key that was used")),
        appended => appended,
    }
}

/// What the rules of `0021_queue.view.sql` mean for whoever sent the message.
async fn broken<E: Engine>(
    cx: &Cx<'_, E>,
    command: &Enqueue,
    dedup_key: Option<String>,
    rule: String,
) -> Result<Accepted, OperationError> {
    let refusal = match rule.as_str() {
        "external_id_is_taken" => {
            let first = of_external_id(cx, command, dedup_key).await?;
            return first.ok_or_else(|| OperationError::unexpected("a message with a taken external id"));
        }
        "conversation_belongs_to_another_agent" => {
            Refusal::conflict("conversation_of_another_agent", "the conversation belongs to another agent")
        }
        "conversation_is_full" => {
            Refusal::limit("conversation_full", "the conversation has as many unfinished messages as it may have")
        }
        "agent_is_full" => Refusal::limit("agent_full", "the agent has as many unfinished messages as it may have"),
        _ => return Err(OperationError::Rule(rule)),
    };
    Err(refusal.into())
}

async fn earlier<E: Engine>(
    cx: &Cx<'_, E>,
    command: &Enqueue,
    dedup_key: Option<String>,
) -> Result<Option<Accepted>, OperationError> {
    if let Some(key) = &dedup_key
        && let Some(first) = accepted_under(cx, key, command.request_hash.as_deref()).await?
    {
        return Ok(Some(first));
    }
    of_external_id(cx, command, dedup_key).await
}

/// The message that the provider told of before. A key that comes with it is used up.
async fn of_external_id<E: Engine>(
    cx: &Cx<'_, E>,
    command: &Enqueue,
    dedup_key: Option<String>,
) -> Result<Option<Accepted>, OperationError> {
    let Some(external_id) = &command.external_id else {
        return Ok(None);
    };
    let sql = "SELECT message_id FROM messages WHERE conversation_id = ?1 AND provider = ?2 AND external_id = ?3";
    let rows = cx.sql(sql, &[(&command.conversation_id).into(), (&command.provider).into(), external_id.into()]).await?;
    let Some(message_id) = rows.first().and_then(|row| row.text("message_id")) else { return Ok(None) };
    let conversation_id = command.conversation_id.clone();
    if let Some(key) = dedup_key {
        let request_hash = command.request_hash.clone();
        let event = ConversationEvent::MessageRepeated { message_id: message_id.clone(), request_hash };
        if let Some(first) = append(cx, &conversation_id, event, Some(key)).await? {
            return accepted_before(&first, command.request_hash.as_deref()).map(Some);
        }
    }
    Ok(Some(Accepted { message_id, conversation_id, repeated: true }))
}

/// What was accepted under a dedup key, if anything was.
pub(super) async fn accepted_under<E: Engine>(
    cx: &Cx<'_, E>,
    dedup_key: &str,
    request_hash: Option<&str>,
) -> Result<Option<Accepted>, OperationError> {
    let first = cx.ledger.by_dedup_key(dedup_key).await?;
    first.map(|event| accepted_before(&event, request_hash)).transpose()
}

/// The outcome of the first time, unless this is another request under the same key.
fn accepted_before(event: &Event, request_hash: Option<&str>) -> Result<Accepted, OperationError> {
    let message_id = event.data["message_id"].as_str();
    let conversation_id = event.stream.strip_prefix("conversation-");
    let (Some(message_id), Some(conversation_id)) = (message_id, conversation_id) else {
        return Err(OperationError::unexpected("the first outcome of an enqueue"));
    };
    let first_hash = event.data["request_hash"].as_str();
    if first_hash.is_some() && request_hash.is_some() && first_hash != request_hash {
        let detail = "the idempotency key came with another request before";
        return Err(Refusal::conflict("idempotency_key_reused", detail).into());
    }
    Ok(Accepted { message_id: message_id.to_owned(), conversation_id: conversation_id.to_owned(), repeated: true })
}
