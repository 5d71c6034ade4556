use serde::Deserialize;

/// A person or bot.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct User {
    /// Unique in all of Telegram; more than 32 bits.
    pub id: i64,
    /// Whether it is a bot.
    pub is_bot: bool,
    /// First name, as chosen by the user.
    pub first_name: String,
    /// Last name, as chosen by the user.
    pub last_name: Option<String>,
    /// User name without `@`; every bot has one.
    pub username: Option<String>,
    /// IETF language tag of the user's app.
    pub language_code: Option<String>,
}

/// Where a message belongs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Chat {
    /// Unique in all of Telegram; negative for groups and channels, the user's id for a private chat.
    pub id: i64,
    /// What kind of chat it is.
    #[serde(rename = "type")]
    pub kind: ChatKind,
    /// Name of a group or channel.
    pub title: Option<String>,
    /// Public name without `@`.
    pub username: Option<String>,
    /// First name of the other side of a private chat.
    pub first_name: Option<String>,
    /// Whether a supergroup has topics.
    #[serde(default)]
    pub is_forum: bool,
}

/// The kinds of chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatKind {
    /// One user and the bot.
    Private,
    /// A small group.
    Group,
    /// A group of the newer sort, possibly with topics.
    Supergroup,
    /// A channel.
    Channel,
    /// A kind that Telegram added later; to be treated as not private.
    #[serde(other)]
    Unknown,
}
