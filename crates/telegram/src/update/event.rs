use serde::Deserialize;

use super::{Chat, ChatKind, MessageRef, User};

/// A pressed button.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CallbackQuery {
    /// Needed to answer it.
    pub id: String,
    /// Who pressed it.
    pub from: User,
    /// The message that the button belongs to.
    pub message: Option<MessageRef>,
    /// What the button stands for; comes from the client and can be forged.
    pub data: Option<String>,
}

/// A change of somebody's standing in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ChatMemberUpdated {
    /// The chat.
    pub chat: Chat,
    /// Who made the change.
    pub from: User,
    /// When, in seconds since the epoch.
    pub date: i64,
    /// The standing before.
    pub old_chat_member: ChatMember,
    /// The standing now.
    pub new_chat_member: ChatMember,
}

impl ChatMemberUpdated {
    /// Whether this says that the user of a private chat has blocked the bot; nothing can be sent there until they
    /// unblock it.
    #[must_use]
    pub fn is_block(&self) -> bool {
        self.chat.kind == ChatKind::Private && self.new_chat_member.status == MemberStatus::Kicked
    }
}

/// Somebody's standing in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ChatMember {
    /// Who.
    pub user: User,
    /// The standing.
    pub status: MemberStatus,
}

/// The kinds of standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberStatus {
    /// Owner of the chat.
    Creator,
    /// Administrator.
    Administrator,
    /// Plain member.
    Member,
    /// Member with fewer rights.
    Restricted,
    /// Not a member, may come back.
    Left,
    /// Banned; in a private chat, the bot is blocked.
    Kicked,
    /// A kind that Telegram added later.
    #[serde(other)]
    Unknown,
}
