//! What a message may carry besides text. Sizes are in bytes, durations in seconds.

use serde::Deserialize;

/// A file that can be fetched through `getFile`: one size of a photo, a video, an audio file, a voice note or any other
/// file. They differ in what else Telegram tells about them, which we do not read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FileAttachment {
    /// Id of the file for this bot.
    pub file_id: String,
    /// Id that is the same for every bot and every time.
    pub file_unique_id: Option<String>,
    /// Name given by the sender; not to be trusted as a path.
    pub file_name: Option<String>,
    /// Media type given by the sender.
    pub mime_type: Option<String>,
    /// Size, if known.
    pub file_size: Option<u64>,
}

/// A round video recorded in the app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VideoNote {
    /// Id of the file for this bot.
    pub file_id: String,
    /// How long it plays.
    pub duration: Option<u64>,
}

/// A sticker.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Sticker {
    /// Id of the file for this bot.
    pub file_id: String,
    /// The emoji it stands for.
    pub emoji: Option<String>,
    /// The set it belongs to.
    pub set_name: Option<String>,
}

/// A point on the map. A venue comes with one too.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Location {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

/// A place with a name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Venue {
    /// Where it is.
    pub location: Location,
    /// What it is called.
    pub title: String,
    /// Its address.
    pub address: String,
}

/// A contact that the sender shares; not necessarily the sender.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Contact {
    /// Phone number.
    pub phone_number: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: Option<String>,
    /// The contact's own user id, if it uses Telegram.
    pub user_id: Option<i64>,
}

/// A die that was thrown, or something like it. What it shows is decided by Telegram.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Dice {
    /// What was thrown, as an emoji.
    pub emoji: String,
    /// What came of it.
    pub value: i64,
}

/// A question with answers to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Poll {
    /// The question.
    pub question: String,
    /// The answers.
    pub options: Vec<Line>,
}

/// A list of things to do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Checklist {
    /// What it is called.
    pub title: String,
    /// The things to do.
    pub tasks: Vec<Line>,
}

/// One answer of a poll, or one thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Line {
    /// Its text.
    pub text: String,
}

/// A game.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Game {
    /// What it is called.
    pub title: String,
}

/// Something of which we only see that it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Present {}
