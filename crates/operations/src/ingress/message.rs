//! What a Telegram message is to the queue.

use std::collections::BTreeMap;

use clawstead_domain::binding::{Account, Binding};
use clawstead_domain::conversation::{Enqueue, TEXT_BYTES_MAX};
use clawstead_domain::text::truncate;
use clawstead_telegram::update::Message;
use clawstead_telegram::{Media, MediaKind, media_of, text_of};

/// The message for the binding's agent, in the binding's conversation; `None` when it says nothing. Files are not fetched: their
/// ids go along.
pub(super) fn to_enqueue(message: &Message, account: &Account, binding: &Binding) -> Option<Enqueue> {
    let text = text_of(message)?;
    Some(Enqueue {
        conversation_id: binding.conversation_id.clone(),
        agent_key: binding.agent_key.clone(),
        provider: "telegram".to_owned(),
        provider_user_id: account.telegram_user_id.clone(),
        text: truncate(&text, TEXT_BYTES_MAX).to_owned(),
        // Telegram counts messages for each bot, and a conversation outlives a change of bots.
        external_id: Some(format!("{}:{}", account.bot_id, message.message_id)),
        metadata: metadata(account, &media_of(message)),
        ..Enqueue::default()
    })
}

/// The keys that existing workers read (identity-telegram.md 4.2 step 12).
fn metadata(account: &Account, media: &[Media]) -> BTreeMap<String, String> {
    let mut metadata = BTreeMap::from([
        ("telegramBotIdentity".to_owned(), account.bot_id.clone()),
        ("telegramChatId".to_owned(), account.telegram_chat_id.clone()),
        ("telegramUserId".to_owned(), account.telegram_user_id.clone()),
    ]);
    for file in media {
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
