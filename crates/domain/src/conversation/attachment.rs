//! Files that a message refers to.

use serde::{Deserialize, Serialize};

use crate::{Refusal, text};

/// What sort of file it is; the words of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    /// A picture.
    Photo,
    /// A video.
    Video,
    /// Music and the like.
    Audio,
    /// A spoken message.
    Voice,
    /// Anything else.
    Document,
}

/// A file of a message, or what is left of the wish for one: a file that cannot be had does not lose the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// What sort of file it is.
    pub kind: AttachmentKind,
    /// Where its bytes are; `None` when they are not to be had.
    pub file_id: Option<String>,
    /// Why they are not to be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Telegram's id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telegram_file_id: Option<String>,
    /// As its sender calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// What its sender takes it for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// Number of its bytes.
    pub size_bytes: Option<i64>,
    /// Nobody gets it from then on, ms since the epoch.
    pub expires_at: i64,
    /// It is fetched from Telegram after its message was accepted, or could not be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetch: Option<Fetch>,
}

/// Where a file comes from that is fetched later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetch {
    /// The bot that it was sent to.
    pub bot_id: String,
    /// It is given up at that instant.
    pub until: i64,
}

impl Attachment {
    /// Checks what comes from outside.
    ///
    /// # Errors
    /// A refusal that names `attachments`.
    pub fn check(&self) -> Result<(), Refusal> {
        for value in [&self.telegram_file_id, &self.file_name, &self.mime_type].into_iter().flatten() {
            text::check_text("attachments", value, 256)?;
        }
        Ok(())
    }
}
