//! Replies that a worker hands over instead of sending them itself.

use clawstead_domain::Refusal;
use clawstead_domain::outbox::{Format, NewReply};
use clawstead_ledger::{Engine, dedup_key};
use clawstead_vault::sha256_hex;

use super::queue::queue;
use super::{Queued, place};
use crate::workers::Worker;
use crate::{Cx, OperationError, queue as messages};

/// What a worker answers to the message that it has.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    /// The message.
    pub message_id: &'a str,
    /// Proof of having it.
    pub lease_id: &'a str,
    /// What is said.
    pub text: &'a str,
    /// How it is marked up.
    pub format: Format,
    /// Once for each message: what is said again under the same key is not said twice, also not by the next worker.
    pub idempotency_key: &'a str,
}

/// Queues a reply to the chat of the message's conversation, under the live lease of the message.
///
/// # Errors
/// Without the live lease; when the conversation has no chat, or as much waits for that as may; when the key came with another reply
/// before.
pub async fn reply<E: Engine>(cx: &Cx<'_, E>, worker: &Worker, reply: Reply<'_>) -> Result<Queued, OperationError> {
    let conversation_id = messages::conversation_in_hand(cx, worker, reply.message_id, reply.lease_id).await?;
    let key = dedup_key(&["reply", reply.message_id, reply.idempotency_key]);
    let request_hash = sha256_hex(format!("{}\n{}", reply.format.as_str(), reply.text));
    if let Some(first) = cx.ledger.by_dedup_key(&key).await?
        && first.data["request_hash"].as_str() != Some(&request_hash)
    {
        return Err(Refusal::conflict("idempotency_key_reused", "the idempotency key came with another reply before").into());
    }
    let place = place::of_conversation(cx, &conversation_id).await?;
    let place = place.ok_or_else(|| Refusal::conflict("no_chat", "nobody can be written to in this conversation"))?;
    let reply = NewReply {
        thread_id: thread_of(cx, reply.message_id, &place.chat_id).await?,
        bot_id: place.bot_id,
        chat_id: place.chat_id,
        text: reply.text.to_owned(),
        format: reply.format,
        message_id: Some(reply.message_id.to_owned()),
        lease_id: Some(reply.lease_id.to_owned()),
        request_hash: Some(request_hash),
    };
    queue(cx, &reply, key).await
}

/// The topic that the message was written in, if it was written in this chat.
async fn thread_of<E: Engine>(cx: &Cx<'_, E>, message_id: &str, chat_id: &str) -> Result<Option<i64>, OperationError> {
    let sql = "SELECT e.data ->> '$.metadata.telegramMessageThreadId' AS thread_id FROM messages m \
               JOIN events e ON e.position = m.position \
               WHERE m.message_id = ?1 AND m.provider = 'telegram' AND e.data ->> '$.metadata.telegramChatId' = ?2";
    let rows = cx.sql(sql, &[message_id.into(), chat_id.into()]).await?;
    Ok(rows.first().and_then(|row| row.text("thread_id")).and_then(|thread_id| thread_id.parse().ok()))
}
