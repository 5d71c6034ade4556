//! Putting something into the outbox.

use clawstead_domain::Refusal;
use clawstead_domain::outbox::{self, Format, NewReply, OutboxEvent};
use clawstead_ledger::{Engine, Event, Expected};
use clawstead_telegram::{split, split_html};

use super::Place;
use crate::{Cx, OperationError};

/// A reply that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// The stream of its first part.
    pub reply_id: String,
    /// In so many messages.
    pub parts: i64,
    /// Whether it was queued by an earlier command with the same dedup key.
    pub repeated: bool,
}

/// Says something in a chat, once for each dedup key. A blank text is not said.
///
/// # Errors
/// When too much waits for the chat.
pub async fn say<E: Engine>(
    cx: &Cx<'_, E>,
    place: &Place,
    text: &str,
    dedup_key: String,
) -> Result<Option<Queued>, OperationError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    // Most repeats are found here, without a statement that writes.
    if let Some(first) = cx.ledger.by_dedup_key(&dedup_key).await? {
        return queued_before(&first).map(Some);
    }
    let reply = NewReply {
        bot_id: place.bot_id.clone(),
        chat_id: place.chat_id.clone(),
        thread_id: place.thread_id,
        text: text.to_owned(),
        ..NewReply::default()
    };
    queue(cx, &reply, dedup_key).await.map(Some)
}

/// Queues all parts of a reply at once.
pub(super) async fn queue<E: Engine>(cx: &Cx<'_, E>, reply: &NewReply, dedup_key: String) -> Result<Queued, OperationError> {
    let parts = match reply.format {
        Format::Plain => split(&reply.text),
        Format::Html => split_html(&reply.text),
    };
    let events = outbox::queue(reply, parts, cx.now)?;
    let mut lines = Vec::new();
    for event in &events {
        lines.extend(cx.lines(&cx.new_id(), Expected::Version(0), std::slice::from_ref(event)));
    }
    let first = lines.first_mut().ok_or_else(|| OperationError::unexpected("a reply without parts"))?;
    first.dedup_key = Some(dedup_key);
    let reply_id = first.id.clone();
    match cx.append_lines::<OutboxEvent>(&lines).await {
        Ok(()) => Ok(Queued { reply_id, parts: events.len() as i64, repeated: false }),
        Err(OperationError::Duplicate(first)) => queued_before(&first),
        Err(OperationError::Rule(rule)) if rule == "chat_is_full" => {
            Err(Refusal::limit("chat_full", "as much waits for the chat as may").into())
        }
        Err(OperationError::Rule(rule)) if rule == "lease_is_gone" => {
            Err(Refusal::conflict("lease_not_yours", "the lease has ended").into())
        }
        Err(error) => Err(error),
    }
}

fn queued_before(first: &Event) -> Result<Queued, OperationError> {
    let read = || Some((first.stream.strip_prefix("outbox-")?.to_owned(), first.data["parts"].as_i64()?));
    let (reply_id, parts) = read().ok_or_else(|| OperationError::unexpected("the first outcome of a reply"))?;
    Ok(Queued { reply_id, parts, repeated: true })
}
