//! Albums: parts that come one by one, each in an update of its own, and are one message.

use clawstead_domain::config::{QueuePolicy, RetentionPolicy};
use clawstead_domain::conversation::{self, Attachment, Enqueue};
use clawstead_ledger::{Engine, Expected};
use clawstead_telegram::update::Message;

use super::Outcome;
use super::message::words_of;
use crate::queue::gathering;
use crate::{Cx, OperationError, configs, decide};

/// Adds a part to the message of its album, if there is one that no worker has had yet. `None` when it is to be a message of its own.
pub(super) async fn add<E: Engine>(
    cx: &Cx<'_, E>,
    message: &Message,
    command: &Enqueue,
    dedup_key: &str,
) -> Result<Option<Outcome>, OperationError> {
    let Some(album) = &command.album else { return Ok(None) };
    let policies = configs::load(cx).await?;
    let (queue, retention): (QueuePolicy, RetentionPolicy) = (policies.get()?, policies.get()?);
    let added = decide(async || {
        let Some(open) = open_album(cx, &command.conversation_id, &album.album_id).await? else {
            return Ok(None);
        };
        let (version, state) = gathering(cx, &open.message_id).await?;
        if open.external_id == command.external_id {
            // The first part once more.
            return Ok(None);
        }
        let attachments = within_the_limit(&command.attachments, open.files, retention.attachments_max);
        let events = conversation::extend(&open.message_id, words_of(message), attachments, album.closes_at, &state, &queue);
        let version = Expected::Version(version);
        let first = cx.append_once(&command.conversation_id, version, &events, dedup_key.to_owned()).await?;
        Ok(Some(match first {
            Some(first) => Outcome::Duplicate { message_id: first.data["message_id"].as_str().unwrap_or_default().to_owned() },
            None => Outcome::Added { message_id: open.message_id },
        }))
    })
    .await;
    match added {
        // A worker was faster.
        Err(OperationError::Rule(rule)) if rule == "album_is_closed" => Ok(None),
        outcome => outcome,
    }
}

struct Open {
    message_id: String,
    external_id: Option<String>,
    files: i64,
}

async fn open_album<E: Engine>(cx: &Cx<'_, E>, conversation_id: &str, album_id: &str) -> Result<Option<Open>, OperationError> {
    let sql = "SELECT a.message_id, a.files, m.external_id FROM albums a JOIN messages m ON m.message_id = a.message_id \
               WHERE a.conversation_id = ?1 AND a.album_id = ?2 AND m.status = 'queued' AND m.deliveries = 0";
    let rows = cx.sql(sql, &[conversation_id.into(), album_id.into()]).await?;
    let open = |row: clawstead_ledger::Row<'_>| {
        Some(Open { message_id: row.text("message_id")?, external_id: row.text("external_id"), files: row.integer("files")? })
    };
    Ok(rows.first().and_then(open))
}

/// A message may refer to so many files; what is beyond is told and not fetched.
fn within_the_limit(attachments: &[Attachment], before: i64, most: i64) -> Vec<Attachment> {
    let limited = |(number, file): (i64, &Attachment)| {
        let error = if number > most { Some("too_many_files".to_owned()) } else { file.error.clone() };
        Attachment { error, ..file.clone() }
    };
    (before + 1..).zip(attachments).map(limited).collect()
}
