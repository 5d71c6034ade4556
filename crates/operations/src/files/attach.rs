//! Files that come with messages.

use clawstead_domain::Refusal;
use clawstead_domain::config::RetentionPolicy;
use clawstead_domain::conversation::{Attachment, AttachmentKind, Enqueue};
use clawstead_ledger::Engine;
use serde::Deserialize;
use serde_json::Value as Json;

use super::media::{ExpectedFile, conversation_owner, download_url, expect_owned};
use super::{FileKind, Links, stored};
use crate::queue::{self, Accepted};
use crate::workers::Worker;
use crate::{Cx, OperationError, configs};

/// A file that a message is to come with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAttachment {
    /// What sort of file it is.
    pub kind: AttachmentKind,
    /// What the upload was answered with.
    pub storage_id: String,
    /// Telegram's id of it.
    pub telegram_file_id: Option<String>,
    /// As its sender calls it.
    pub file_name: Option<String>,
    /// What its sender takes it for.
    pub mime_type: Option<String>,
    /// Nobody gets it from then on; sooner, if the policy says so.
    pub expires_at: Option<i64>,
}

/// A file of a message, as a worker sees it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// As the message has it.
    pub attachment: Attachment,
    /// `ready`, `expired` or `failed`.
    pub status: &'static str,
    /// Where its bytes are, when it is ready.
    pub download_url: Option<String>,
}

/// Makes room for a file that whoever asks will send with a message.
///
/// # Errors
/// When he has enough uploads under way.
pub async fn expect_attachment<E: Engine>(cx: &Cx<'_, E>, links: &Links<'_>) -> Result<ExpectedFile, OperationError> {
    expect_owned(cx, links, FileKind::Attachment, &cx.actor, None).await
}

/// Accepts a message with files. The files belong to its conversation from then on.
///
/// # Errors
/// As for [`queue::enqueue`]; also when there are more files than a message may have.
pub async fn enqueue_with<E: Engine>(
    cx: &Cx<'_, E>,
    command: Enqueue,
    wanted: &[NewAttachment],
    dedup_key: Option<String>,
) -> Result<Accepted, OperationError> {
    let command = Enqueue { attachments: attach(cx, wanted).await?, ..command };
    let accepted = queue::enqueue(cx, &command, dedup_key).await?;
    if !accepted.repeated {
        hand_over(cx, &command).await?;
    }
    Ok(accepted)
}

/// Looks up the files that a message is to come with. One that is not to be had, or not this sender's, stays without bytes and
/// says why.
///
/// # Errors
/// When there are more than a message may have.
pub async fn attach<E: Engine>(cx: &Cx<'_, E>, wanted: &[NewAttachment]) -> Result<Vec<Attachment>, OperationError> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let policy: RetentionPolicy = configs::load(cx).await?.get()?;
    if i64::try_from(wanted.len()).is_ok_and(|count| count > policy.attachments_max) {
        let detail = format!("must be at most {}", policy.attachments_max);
        return Err(Refusal::invalid("attachments", detail).into());
    }
    let mut attachments = Vec::new();
    for new in wanted {
        let kept_until = cx.now + policy.attachment_age_ms;
        let expires_at = new.expires_at.map_or(kept_until, |at| at.min(kept_until));
        let found = find(cx, &new.storage_id, expires_at, &policy).await?;
        attachments.push(Attachment {
            kind: new.kind,
            file_id: found.is_ok().then(|| new.storage_id.clone()),
            size_bytes: found.ok(),
            error: found.err().map(str::to_owned),
            telegram_file_id: new.telegram_file_id.clone(),
            file_name: new.file_name.clone(),
            mime_type: new.mime_type.clone(),
            expires_at,
            fetch: None,
        });
    }
    Ok(attachments)
}

/// The size of a file of this sender, or why he cannot send it.
async fn find<E: Engine>(
    cx: &Cx<'_, E>,
    file_id: &str,
    expires_at: i64,
    policy: &RetentionPolicy,
) -> Result<Result<i64, &'static str>, OperationError> {
    if expires_at <= cx.now {
        return Ok(Err("attachment_expired"));
    }
    let is_its_id = FileKind::Attachment.is_id(file_id);
    let file = if is_its_id { stored(cx, file_id).await? } else { None };
    Ok(match file.filter(|file| file.owner == cx.actor) {
        None => Err("file_not_found"),
        Some(file) if file.figures.size_bytes > policy.attachment_bytes_max => Err("file_too_large"),
        Some(file) => Ok(file.figures.size_bytes),
    })
}

async fn hand_over<E: Engine>(cx: &Cx<'_, E>, command: &Enqueue) -> Result<(), OperationError> {
    let owner = conversation_owner(&command.conversation_id);
    for attachment in &command.attachments {
        let Some(file_id) = &attachment.file_id else { continue };
        let sql = "UPDATE files SET owner = ?2, keep_until = ?3 WHERE file_id = ?1 AND owner = ?4";
        let params = [file_id.into(), (&owner).into(), attachment.expires_at.into(), (&cx.actor).into()];
        cx.sql(sql, &params).await?;
    }
    Ok(())
}

/// The files of a message as they are now: whether one has expired is looked at here, and does not wait for a tick.
///
/// # Errors
/// When the database does not answer.
pub async fn shown<E: Engine>(
    cx: &Cx<'_, E>,
    links: &Links<'_>,
    worker: &Worker,
    message: &Json,
) -> Result<Vec<Shown>, OperationError> {
    let Some(list) = message.get("attachments") else { return Ok(Vec::new()) };
    let attachments: Vec<Attachment> = serde_json::from_value(list.clone())
        .map_err(|error| OperationError::Unexpected(format!("the attachments of a message: {error}")))?;
    let policy: RetentionPolicy = configs::load(cx).await?.get()?;
    let mut shown = Vec::new();
    for attachment in attachments {
        let file = match &attachment.file_id {
            Some(file_id) if attachment.expires_at > cx.now => stored(cx, file_id).await?,
            _ => None,
        };
        let status = match (&attachment.file_id, &file) {
            (None, _) => "failed",
            (Some(_), None) => "expired",
            (Some(_), Some(_)) => "ready",
        };
        let keep_until = Some(attachment.expires_at);
        let download_url = file.map(|file| download_url(cx, links, worker, &file, keep_until, &policy));
        shown.push(Shown { attachment, status, download_url });
    }
    Ok(shown)
}
