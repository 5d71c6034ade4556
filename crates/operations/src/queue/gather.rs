//! Messages that wait for the rest of themselves: their files, and later parts of their album.

use clawstead_domain::Refusal;
use clawstead_domain::conversation::{Attachment, Gathering};
use clawstead_ledger::{Engine, Row};
use serde_json::Value as Json;

use crate::{Cx, OperationError};

/// How a message stands that waits, and the version of its conversation.
pub(crate) async fn gathering<E: Engine>(cx: &Cx<'_, E>, message_id: &str) -> Result<(i64, Gathering), OperationError> {
    let sql = "SELECT c.stream_version, m.ready_at, m.priority, m.status = 'queued' AS queued, a.closes_at, \
               (SELECT max(f.give_up_at) FROM message_files f WHERE f.message_id = m.message_id) AS files_until, \
               (SELECT count(f.due_at) FROM message_files f WHERE f.message_id = m.message_id) AS files_missing \
               FROM messages m JOIN conversations c ON c.conversation_id = m.conversation_id \
               LEFT JOIN albums a ON a.message_id = m.message_id WHERE m.message_id = ?1";
    let rows = cx.sql(sql, &[message_id.into()]).await?;
    let row = rows.first().ok_or_else(|| Refusal::not_found("message_not_found", "there is no such message"))?;
    gathering_of(&row).ok_or_else(|| OperationError::unexpected("a message that waits"))
}

fn gathering_of(row: &Row<'_>) -> Option<(i64, Gathering)> {
    let state = Gathering {
        ready_at: row.integer("ready_at")?,
        priority: row.integer("priority")?,
        queued: row.flag("queued"),
        files_until: row.integer("files_until"),
        files_missing: row.integer("files_missing")?,
        album_closes_at: row.integer("closes_at"),
    };
    Some((row.integer("stream_version")?, state))
}

/// Puts into a message what came after it was accepted: its files as they are now, and what other parts of its album said.
pub(super) async fn with_the_rest<E: Engine>(cx: &Cx<'_, E>, message_id: &str, message: &mut Json) -> Result<(), OperationError> {
    let awaits = |file: &Json| file["fetch"].is_object();
    if !message["album"].is_object() && !message["attachments"].as_array().is_some_and(|files| files.iter().any(awaits)) {
        return Ok(());
    }
    let sql = "SELECT number, attachment, file_id, size_bytes, error FROM message_files WHERE message_id = ?1 ORDER BY number";
    for row in cx.sql(sql, &[message_id.into()]).await?.iter() {
        let (number, file) = file_of(&row).ok_or_else(|| OperationError::unexpected("a row of message_files"))?;
        put(message, number, &file)?;
    }
    let rows = cx.sql("SELECT added_text FROM albums WHERE message_id = ?1", &[message_id.into()]).await?;
    if let (Some(added), Some(text)) = (rows.first().and_then(|row| row.text("added_text")), message["text"].as_str()) {
        message["text"] = format!("{text}\n{added}").into();
    }
    Ok(())
}

fn file_of(row: &Row<'_>) -> Option<(usize, Attachment)> {
    let file: Attachment = serde_json::from_str(&row.text("attachment")?).ok()?;
    let file_id = row.text("file_id");
    let why_missing = || row.text("error").or_else(|| file.error.clone()).unwrap_or_else(|| "not_fetched_in_time".to_owned());
    let now = Attachment {
        error: file_id.is_none().then(why_missing),
        size_bytes: row.integer("size_bytes").or(file.size_bytes),
        file_id,
        ..file
    };
    Some((usize::try_from(row.integer("number")?).ok()?, now))
}

fn put(message: &mut Json, number: usize, file: &Attachment) -> Result<(), OperationError> {
    let file = serde_json::to_value(file).map_err(|error| OperationError::Unexpected(error.to_string()))?;
    if message["attachments"].is_null() {
        message["attachments"] = Json::Array(Vec::new());
    }
    let files =
        message["attachments"].as_array_mut().ok_or_else(|| OperationError::unexpected("the attachments of a message"))?;
    match files.get_mut(number) {
        Some(known) => *known = file,
        None => files.push(file),
    }
    Ok(())
}
