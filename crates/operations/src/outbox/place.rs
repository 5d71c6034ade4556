//! Where something is said.

use clawstead_ledger::{Engine, Row};

use crate::{Cx, OperationError};

/// A chat of a bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The bot.
    pub bot_id: String,
    /// Telegram's id of the chat.
    pub chat_id: String,
    /// The topic of the chat.
    pub thread_id: Option<i64>,
}

/// The chat that a conversation is held in: that of its active binding, or the one that it was opened for. Metadata of messages are
/// not asked: workers and apps write them.
pub(super) async fn of_conversation<E: Engine>(cx: &Cx<'_, E>, conversation_id: &str) -> Result<Option<Place>, OperationError> {
    let sql = "SELECT bot_id, telegram_chat_id AS chat_id FROM bindings \
               WHERE conversation_id = ?1 AND active_telegram_user_id IS NOT NULL AND bot_id IS NOT NULL LIMIT 1";
    if let Some(place) = cx.sql(sql, &[conversation_id.into()]).await?.first().and_then(|row| place_of(&row)) {
        return Ok(Some(place));
    }
    let sql = "SELECT bot_id, chat_id FROM chats WHERE conversation_id = ?1";
    Ok(cx.sql(sql, &[conversation_id.into()]).await?.first().and_then(|row| place_of(&row)))
}

fn place_of(row: &Row<'_>) -> Option<Place> {
    Some(Place { bot_id: row.text("bot_id")?, chat_id: row.text("chat_id")?, thread_id: None })
}
