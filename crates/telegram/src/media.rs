use crate::update::{FileAttachment, Message};

/// A file that came with a message and can be fetched through `getFile`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// Id of the file for this bot.
    pub file_id: String,
    /// Id of the file that is the same for every bot and every time.
    pub file_unique_id: Option<String>,
    /// Name given by the sender; not to be trusted as a path.
    pub file_name: Option<String>,
    /// Media type; that of a photo is always `image/jpeg`.
    pub mime_type: Option<String>,
    /// Size in bytes as announced; to be checked when fetching.
    pub size_bytes: Option<u64>,
}

/// The kinds of files, in the order in which a message lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MediaKind {
    /// A photo, in its largest size.
    Photo,
    /// A video.
    Video,
    /// An audio file.
    Audio,
    /// A voice note.
    Voice,
    /// Any other file.
    Document,
}

impl MediaKind {
    /// Its name in the Bot API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Voice => "voice",
            Self::Document => "document",
        }
    }
}

/// The files of a message that an agent gets, in the order of identity-telegram.md 4.4. Stickers and video notes are
/// told in text only ([`crate::text_of`]): existing workers know these five kinds.
#[must_use]
pub fn media_of(message: &Message) -> Vec<Media> {
    let photo =
        message.photo.last().map(|size| Media { mime_type: Some("image/jpeg".to_owned()), ..media(MediaKind::Photo, size) });
    let others = [
        (MediaKind::Video, &message.video),
        (MediaKind::Audio, &message.audio),
        (MediaKind::Voice, &message.voice),
        (MediaKind::Document, &message.document),
    ];
    let others = others.into_iter().filter_map(|(kind, file)| file.as_ref().map(|file| media(kind, file)));
    photo.into_iter().chain(others).collect()
}

fn media(kind: MediaKind, file: &FileAttachment) -> Media {
    Media {
        kind,
        file_id: file.file_id.clone(),
        file_unique_id: file.file_unique_id.clone(),
        file_name: file.file_name.clone(),
        mime_type: file.mime_type.clone(),
        size_bytes: file.file_size,
    }
}
