//! What a Telegram message is to the queue.

use std::collections::BTreeMap;

use clawstead_domain::config::{RetentionPolicy, TelegramPolicy};
use clawstead_domain::conversation::{Album, Attachment, AttachmentKind, Enqueue, Fetch, TEXT_BYTES_MAX};
use clawstead_domain::text::{ID_BYTES_MAX, truncate};
use clawstead_ledger::Engine;
use clawstead_telegram::update::Message;
use clawstead_telegram::{Media, MediaKind, content_of, file_name, media_of, speaker_of, text_of, written_of};

use super::IngressBot;
use super::speaker::Speaker;
use crate::{Cx, OperationError, configs};

/// Telegram hands longer files to nobody (outside-contracts.md).
pub(super) const FILE_BYTES_MAX: i64 = 20 * 1_000 * 1_000;
/// Longest value of an attachment that we keep.
const VALUE_BYTES_MAX: usize = 256;

/// The message for the speaker's agent, in the speaker's conversation. Its files are fetched later; it waits for them, and for the
/// rest of its album.
pub(super) async fn to_enqueue<E: Engine>(
    cx: &Cx<'_, E>,
    bot: &IngressBot,
    message: &Message,
    speaker: &Speaker,
    content: &str,
) -> Result<Enqueue, OperationError> {
    // The files of an edited message have come with the message.
    let media = if message.edit_date.is_some() { Vec::new() } else { media_of(message) };
    let album_id = message.media_group_id.as_ref().filter(|id| !media.is_empty() && id.len() <= ID_BYTES_MAX);
    let policies = configs::load(cx).await?;
    let (retention, telegram): (RetentionPolicy, TelegramPolicy) = (policies.get()?, policies.get()?);
    let attachments = attachments(cx, bot, &media, &retention, &telegram);
    let album = album_id.map(|id| Album { album_id: id.clone(), closes_at: cx.now + telegram.album_wait_ms });
    let files_until =
        attachments.iter().filter(|file| file.error.is_none()).filter_map(|file| Some(file.fetch.as_ref()?.until)).max();
    Ok(Enqueue {
        conversation_id: speaker.conversation_id.clone(),
        agent_key: speaker.agent_key.clone(),
        provider: "telegram".to_owned(),
        provider_user_id: speaker.account.telegram_user_id.clone(),
        text: truncate(&told(message, speaker, content), TEXT_BYTES_MAX).to_owned(),
        external_id: Some(external_id(bot, message, speaker)),
        metadata: metadata(message, speaker, &media),
        scheduled_for: files_until.or(album.as_ref().map(|album| album.closes_at)),
        attachments,
        album,
        ..Enqueue::default()
    })
}

/// Whether an edited message says what it said before.
pub(super) async fn said_before<E: Engine>(
    cx: &Cx<'_, E>,
    bot: &IngressBot,
    message: &Message,
    speaker: &Speaker,
) -> Result<bool, OperationError> {
    let first = Message { edit_date: None, ..message.clone() };
    let sql = "SELECT e.data ->> '$.text' AS text FROM messages m JOIN events e ON e.position = m.position \
               WHERE m.conversation_id = ?1 AND m.provider = 'telegram' AND m.external_id = ?2";
    let rows = cx.sql(sql, &[(&speaker.conversation_id).into(), external_id(bot, &first, speaker).into()]).await?;
    let before = rows.first().and_then(|row| row.text("text"));
    let now = content_of(&first).map(|content| told(&first, speaker, &content));
    Ok(before.is_some() && before == now)
}

/// The text as the agent reads it: in a group with who speaks, and an edit with a word about that.
fn told(message: &Message, speaker: &Speaker, content: &str) -> String {
    let text = text_of(message).unwrap_or_else(|| content.to_owned());
    let speaks = speaker_of(message).filter(|_| !speaker.is_private).map(|name| format!("[telegram group message from {name}]"));
    let edited = message.edit_date.map(|_| "[telegram edit of an earlier message]".to_owned());
    speaks.into_iter().chain(edited).chain([text]).collect::<Vec<_>>().join("\n")
}

/// Telegram counts the messages of a bot's private chats and groups together, and those of each supergroup apart; a conversation
/// outlives a change of bots, and that of a group into a supergroup.
fn external_id(bot: &IngressBot, message: &Message, speaker: &Speaker) -> String {
    let mut parts = vec![bot.bot_id.clone()];
    parts.extend((!speaker.is_private).then(|| message.chat.id.to_string()));
    parts.push(message.message_id.to_string());
    parts.extend(message.edit_date.map(|edited_at| edited_at.to_string()));
    parts.join(":")
}

fn attachments<E>(
    cx: &Cx<'_, E>,
    bot: &IngressBot,
    media: &[Media],
    retention: &RetentionPolicy,
    telegram: &TelegramPolicy,
) -> Vec<Attachment> {
    let size_max = retention.attachment_bytes_max.min(FILE_BYTES_MAX);
    let attachment = |file: &Media| {
        let size_bytes = file.size_bytes.and_then(|size| i64::try_from(size).ok());
        let has_usable_id = !file.file_id.trim().is_empty() && file.file_id.len() <= VALUE_BYTES_MAX;
        let error = match size_bytes {
            _ if !has_usable_id => Some("file_not_found"),
            Some(size) if size > size_max => Some("file_too_large"),
            _ => None,
        };
        let usable = |value: &String| !value.trim().is_empty() && value.len() <= VALUE_BYTES_MAX;
        Attachment {
            kind: kind_of(file.kind),
            file_id: None,
            error: error.map(str::to_owned),
            telegram_file_id: has_usable_id.then(|| file.file_id.clone()),
            file_name: file.file_name.as_deref().and_then(file_name).map(|name| truncate(&name, VALUE_BYTES_MAX).to_owned()),
            mime_type: file.mime_type.clone().filter(usable),
            size_bytes,
            expires_at: cx.now + retention.attachment_age_ms,
            fetch: Some(Fetch { bot_id: bot.bot_id.clone(), until: cx.now + telegram.files_wait_ms }),
        }
    };
    media.iter().map(attachment).collect()
}

fn kind_of(kind: MediaKind) -> AttachmentKind {
    match kind {
        MediaKind::Photo => AttachmentKind::Photo,
        MediaKind::Video => AttachmentKind::Video,
        MediaKind::Audio => AttachmentKind::Audio,
        MediaKind::Voice => AttachmentKind::Voice,
        MediaKind::Document => AttachmentKind::Document,
    }
}

/// The keys that existing workers read (identity-telegram.md 4.2 step 12), and the topic.
fn metadata(message: &Message, speaker: &Speaker, media: &[Media]) -> BTreeMap<String, String> {
    let account = &speaker.account;
    let mut metadata = BTreeMap::from([
        ("telegramBotIdentity".to_owned(), account.bot_id.clone()),
        ("telegramChatId".to_owned(), account.telegram_chat_id.clone()),
        ("telegramUserId".to_owned(), account.telegram_user_id.clone()),
    ]);
    if let Some(thread_id) = message.message_thread_id.filter(|_| message.is_topic_message) {
        metadata.insert("telegramMessageThreadId".to_owned(), thread_id.to_string());
    }
    for file in media.iter().filter(|file| file.file_id.len() <= VALUE_BYTES_MAX) {
        metadata.insert(file_id_key(file.kind).to_owned(), file.file_id.clone());
    }
    if !media.is_empty() {
        let kinds: Vec<&str> = media.iter().map(|file| file.kind.name()).collect();
        metadata.insert("telegramMediaType".to_owned(), kinds.join("+"));
    }
    metadata
}

fn file_id_key(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Photo => "telegramPhotoFileId",
        MediaKind::Video => "telegramVideoFileId",
        MediaKind::Audio => "telegramAudioFileId",
        MediaKind::Voice => "telegramVoiceFileId",
        MediaKind::Document => "telegramDocumentFileId",
    }
}

/// What the sender wrote under a part of an album; the note about its files is said by the first part.
pub(super) fn words_of(message: &Message) -> Option<String> {
    written_of(message).map(|words| truncate(&words, TEXT_BYTES_MAX / 4).to_owned())
}
