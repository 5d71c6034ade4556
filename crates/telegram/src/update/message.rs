use serde::Deserialize;

use super::{
    Chat, ChatKind, Checklist, Contact, Dice, FileAttachment, Game, Location, Poll, Present, Sticker, User, Venue, VideoNote,
};

/// A message, post or edit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Message {
    /// Unique in its chat only.
    pub message_id: i64,
    /// The topic of a forum, or the thread of replies, that it belongs to.
    pub message_thread_id: Option<i64>,
    /// Whether [`Message::message_thread_id`] is a topic of a forum.
    #[serde(default)]
    pub is_topic_message: bool,
    /// The sender; absent for channel posts, and a stand-in account when [`Message::sender_chat`] is set.
    pub from: Option<User>,
    /// Set when somebody writes in the name of a chat: a channel, or an anonymous group administrator.
    pub sender_chat: Option<Chat>,
    /// Where it was sent.
    pub chat: Chat,
    /// When it was sent, in seconds since the epoch.
    pub date: i64,
    /// When it was last edited, in seconds since the epoch.
    pub edit_date: Option<i64>,
    /// Where it was first written, if it is a forward.
    pub forward_origin: Option<ForwardOrigin>,
    /// The message that it answers.
    pub reply_to_message: Option<MessageRef>,
    /// The part of it that was quoted.
    pub quote: Option<TextQuote>,
    /// The same for all messages of one album; each comes in an update of its own.
    pub media_group_id: Option<String>,
    /// The text, up to 4096 characters.
    pub text: Option<String>,
    /// What is special inside the text: commands, mentions, links.
    #[serde(default)]
    pub entities: Vec<MessageEntity>,
    /// The text under an attachment, up to 1024 characters (4096 for premium users).
    pub caption: Option<String>,
    /// The sizes of a photo, the largest last.
    #[serde(default)]
    pub photo: Vec<FileAttachment>,
    /// A video.
    pub video: Option<FileAttachment>,
    /// An audio file.
    pub audio: Option<FileAttachment>,
    /// A voice note.
    pub voice: Option<FileAttachment>,
    /// Any other file; an animation comes as one too.
    pub document: Option<FileAttachment>,
    /// A round video.
    pub video_note: Option<VideoNote>,
    /// A sticker.
    pub sticker: Option<Sticker>,
    /// A place with a name.
    pub venue: Option<Venue>,
    /// A location, also that of a venue.
    pub location: Option<Location>,
    /// A shared contact.
    pub contact: Option<Contact>,
    /// A die that was thrown.
    pub dice: Option<Dice>,
    /// A poll.
    pub poll: Option<Poll>,
    /// A list of things to do.
    pub checklist: Option<Checklist>,
    /// A game.
    pub game: Option<Game>,
    /// A story that is passed on.
    pub story: Option<Present>,
    /// A photo that moves.
    pub live_photo: Option<Present>,
    /// Photos and videos that have to be paid for.
    pub paid_media: Option<Present>,
    /// A text laid out with blocks of several kinds.
    pub rich_message: Option<Present>,
    /// The group is a supergroup from now on, with this id.
    pub migrate_to_chat_id: Option<i64>,
}

impl Message {
    /// The user who speaks here for themselves in their private chat with the bot: not a bot, not in the name of a
    /// chat, and the chat is their own. Identity may only ever be taken from such a message (identity-telegram.md,
    /// W05 and W06).
    #[must_use]
    pub fn private_user(&self) -> Option<&User> {
        let user = self.from.as_ref()?;
        let speaks_for_self = !user.is_bot && self.sender_chat.is_none();
        let own_chat = self.chat.kind == ChatKind::Private && self.chat.id == user.id;
        (speaks_for_self && own_chat).then_some(user)
    }
}

/// Another message, as far as it is quoted in an update. The message under a pressed button may be too old for
/// Telegram to show; then only chat and number are given and the date is 0.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MessageRef {
    /// Unique in its chat only.
    pub message_id: i64,
    /// Where it was sent.
    pub chat: Chat,
    /// When it was sent, in seconds since the epoch; 0 when it cannot be shown.
    pub date: i64,
    /// Its sender.
    pub from: Option<User>,
    /// Its text.
    pub text: Option<String>,
    /// The text under its attachment.
    pub caption: Option<String>,
}

/// A quoted part of a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TextQuote {
    /// Its text.
    pub text: String,
}

/// A special part of a text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MessageEntity {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: EntityKind,
    /// Where it begins, in UTF-16 code units.
    pub offset: usize,
    /// How long it is, in UTF-16 code units.
    pub length: usize,
}

/// The kinds of special parts that we tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// `/start` or `/start@some_bot`.
    BotCommand,
    /// `@name`.
    Mention,
    /// A mention of a user without a name.
    TextMention,
    /// Anything else, such as a link or bold text.
    #[serde(other)]
    Other,
}

/// Where a forwarded message was first written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ForwardOrigin {
    /// By a user.
    User {
        /// The user.
        sender_user: User,
    },
    /// By a user who does not want to be linked to.
    HiddenUser {
        /// The name that is shown instead.
        sender_user_name: String,
    },
    /// In the name of a chat.
    Chat {
        /// The chat.
        sender_chat: Chat,
    },
    /// In a channel.
    Channel {
        /// The channel.
        chat: Chat,
        /// The post's number there.
        message_id: i64,
    },
    /// A kind that Telegram added later.
    #[serde(other)]
    Unknown,
}
