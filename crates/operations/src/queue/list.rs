//! The messages of a conversation, a page at a time.

use clawstead_domain::conversation::Status;
use clawstead_ledger::{Engine, Row};
use serde_json::Value as Json;

use super::views::{self, MESSAGE_COLUMNS, MessageView};
use crate::{Cx, OperationError};

/// A message with what was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageItem {
    /// Its place in the conversation.
    pub seq: i64,
    /// Its state.
    pub view: MessageView,
    /// The data of its `MessageEnqueued`.
    pub message: Json,
}

/// From where a page of messages goes, and in which direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// Oldest first, those after this place.
    After(i64),
    /// Newest first, from the newest.
    Newest,
}

/// Messages of a conversation in the order of acceptance, `limit` of them after the filter. Without `statuses`, all.
///
/// # Errors
/// When there is no such conversation.
pub async fn messages<E: Engine>(
    cx: &Cx<'_, E>,
    conversation_id: &str,
    statuses: Option<&[Status]>,
    page: Page,
    limit: i64,
) -> Result<Vec<MessageItem>, OperationError> {
    let mut found = Vec::new();
    match statuses {
        None => found = read(cx, conversation_id, None, page, limit).await?,
        // Each status is a range of an index by itself, in order; one statement for several would have to sort.
        Some(statuses) => {
            for status in statuses {
                found.extend(read(cx, conversation_id, Some(*status), page, limit).await?);
            }
        }
    }
    if found.is_empty() {
        views::conversation(cx, conversation_id).await?;
    }
    match page {
        Page::After(_) => found.sort_by_key(|item| item.seq),
        Page::Newest => found.sort_by_key(|item| -item.seq),
    }
    found.dedup_by_key(|item| item.seq);
    found.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(found)
}

async fn read<E: Engine>(
    cx: &Cx<'_, E>,
    conversation_id: &str,
    status: Option<Status>,
    page: Page,
    limit: i64,
) -> Result<Vec<MessageItem>, OperationError> {
    let of_status = if status.is_some() { "AND m.status = ?4" } else { "" };
    let (bound, order) = match page {
        Page::After(seq) => (seq, "m.seq > ?2 ORDER BY m.seq"),
        Page::Newest => (i64::MAX, "m.seq < ?2 ORDER BY m.seq DESC"),
    };
    let sql = format!(
        "SELECT {MESSAGE_COLUMNS}, seq, e.data FROM messages m JOIN events e ON e.position = m.position \
         WHERE m.conversation_id = ?1 {of_status} AND {order} LIMIT ?3"
    );
    let mut params = vec![conversation_id.into(), bound.into(), limit.into()];
    params.extend(status.map(|status| status.as_str().into()));
    let rows = cx.sql(&sql, &params).await?;
    rows.iter().map(|row| item(&row).ok_or_else(|| OperationError::unexpected("a row of messages"))).collect()
}

fn item(row: &Row<'_>) -> Option<MessageItem> {
    Some(MessageItem {
        seq: row.integer("seq")?,
        view: MessageView::of(row)?,
        message: serde_json::from_str(&row.text("data")?).ok()?,
    })
}
