//! Conversations of chats that have no binding.

use clawstead_domain::chat::ChatEvent;
use clawstead_ledger::{Engine, Expected};

use crate::{Cx, OperationError, decide};

/// The conversation of a chat with an agent; it is opened when there is none.
pub(super) async fn conversation<E: Engine>(
    cx: &Cx<'_, E>,
    bot_id: &str,
    chat_id: &str,
    agent_key: &str,
) -> Result<String, OperationError> {
    decide(async || {
        let sql = "SELECT conversation_id FROM chats WHERE bot_id = ?1 AND chat_id = ?2 AND agent_key = ?3";
        let rows = cx.sql(sql, &[bot_id.into(), chat_id.into(), agent_key.into()]).await?;
        if let Some(conversation_id) = rows.first().and_then(|row| row.text("conversation_id")) {
            return Ok(conversation_id);
        }
        let conversation_id = cx.new_id();
        let opened = ChatEvent::ChatOpened {
            bot_id: bot_id.to_owned(),
            chat_id: chat_id.to_owned(),
            agent_key: agent_key.to_owned(),
            conversation_id: conversation_id.clone(),
        };
        match cx.append(&cx.new_id(), Expected::Version(0), &[opened]).await {
            Ok(()) => Ok(conversation_id),
            // Another update of the chat opened it first.
            Err(OperationError::Rule(rule)) if rule.starts_with("chats.") => Err(OperationError::Raced),
            Err(error) => Err(error),
        }
    })
    .await
}

/// A group has another id from now on: its conversations go along. Those that were begun under the new id stay apart.
pub(super) async fn moved<E: Engine>(cx: &Cx<'_, E>, bot_id: &str, from: i64, to: i64) -> Result<(), OperationError> {
    decide(async || {
        let sql = "SELECT chat_key, stream_version FROM chats WHERE bot_id = ?1 AND chat_id = ?2";
        for row in cx.sql(sql, &[bot_id.into(), from.to_string().into()]).await?.iter() {
            let (Some(chat_key), Some(version)) = (row.text("chat_key"), row.integer("stream_version")) else {
                return Err(OperationError::unexpected("a row of chats"));
            };
            let moved = ChatEvent::ChatMoved { chat_id: to.to_string() };
            match cx.append(&chat_key, Expected::Version(version), &[moved]).await {
                Err(OperationError::Rule(rule)) if rule.starts_with("chats.") => {}
                outcome => outcome?,
            }
        }
        Ok(())
    })
    .await
}
