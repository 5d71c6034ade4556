//! What Telegram delivers to a webhook.

mod attachment;
mod event;
mod kind;
mod message;
mod party;

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

pub use attachment::{Checklist, Contact, Dice, FileAttachment, Game, Line, Location, Poll, Present, Sticker, Venue, VideoNote};
pub use event::{CallbackQuery, ChatMember, ChatMemberUpdated, MemberStatus};
pub use message::{EntityKind, ForwardOrigin, Message, MessageEntity, MessageRef, TextQuote};
pub use party::{Chat, ChatKind, User};

/// One update: its number and the one thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// Rises by one for each update of a bot and comes again with a redelivery; unique only within its bot.
    pub update_id: i64,
    /// What happened.
    pub event: Event,
}

/// What happened, as far as we tell kinds apart.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A new message in a private chat or group.
    Message(Box<Message>),
    /// A message was edited; this is its new form.
    EditedMessage(Box<Message>),
    /// A new post in a channel.
    ChannelPost(Box<Message>),
    /// A post in a channel was edited.
    EditedChannelPost(Box<Message>),
    /// A button under a message was pressed.
    CallbackQuery(Box<CallbackQuery>),
    /// The bot's own standing in a chat changed; in a private chat, the user blocked or unblocked it.
    MyChatMember(Box<ChatMemberUpdated>),
    /// A kind that we do not read, by its name in the Bot API, or `unknown` for one that is newer than this list.
    Other(&'static str),
}

impl Update {
    /// The kind of update by its name in the Bot API, for counters and `allowed_updates`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.event {
            Event::Message(_) => "message",
            Event::EditedMessage(_) => "edited_message",
            Event::ChannelPost(_) => "channel_post",
            Event::EditedChannelPost(_) => "edited_channel_post",
            Event::CallbackQuery(_) => "callback_query",
            Event::MyChatMember(_) => "my_chat_member",
            Event::Other(kind) => kind,
        }
    }

    /// The new message, if that is what happened. Edits and posts are not new messages.
    #[must_use]
    pub fn message(&self) -> Option<&Message> {
        match &self.event {
            Event::Message(message) => Some(message),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Update {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UpdateVisitor)
    }
}

/// Reads the object key by key: "at most one of the optional parameters can be present in any given update" (Bot API),
/// and which one it is has to be known even when we do not read it.
struct UpdateVisitor;

impl<'de> Visitor<'de> for UpdateVisitor {
    type Value = Update;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an update of the Bot API")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Update, A::Error> {
        let mut update_id = None;
        let mut event = None;
        while let Some(key) = map.next_key::<String>()? {
            let seen = match key.as_str() {
                "update_id" => {
                    update_id = Some(map.next_value()?);
                    continue;
                }
                "message" => Event::Message(map.next_value()?),
                "edited_message" => Event::EditedMessage(map.next_value()?),
                "channel_post" => Event::ChannelPost(map.next_value()?),
                "edited_channel_post" => Event::EditedChannelPost(map.next_value()?),
                "callback_query" => Event::CallbackQuery(map.next_value()?),
                "my_chat_member" => Event::MyChatMember(map.next_value()?),
                other => {
                    map.next_value::<IgnoredAny>()?;
                    Event::Other(kind::static_name(other))
                }
            };
            if event.as_ref().is_none_or(|earlier| matches!(earlier, Event::Other(kind::UNKNOWN))) {
                event = Some(seen);
            }
        }
        Ok(Update {
            update_id: update_id.ok_or_else(|| A::Error::missing_field("update_id"))?,
            event: event.unwrap_or(Event::Other(kind::UNKNOWN)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(text: &str) -> Result<Update, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn a_kind_that_is_not_read_is_still_named() {
        let poll = update(r#"{"update_id": 1, "poll_answer": {"poll_id": "9"}}"#).expect("an update");
        assert_eq!((poll.update_id, poll.kind()), (1, "poll_answer"));
        let future = update(r#"{"hologram": [1], "update_id": 2}"#).expect("an update");
        assert_eq!((future.update_id, future.kind()), (2, "unknown"));
        let empty = update(r#"{"update_id": 3}"#).expect("an update");
        assert_eq!(empty.kind(), "unknown");
    }

    #[test]
    fn an_unknown_field_beside_the_event_does_not_hide_it() {
        let text = r#"{"hint": 1, "update_id": 1, "message": {"message_id": 2, "date": 3, "chat": {"id": 4, "type": "private"}}, "more": {}}"#;
        assert_eq!(update(text).expect("an update").kind(), "message");
    }

    #[test]
    fn what_is_no_update_is_refused() {
        for text in ["null", "[]", "{}", r#"{"update_id": "1"}"#, r#"{"update_id": 1, "message": {}}"#] {
            assert!(update(text).is_err(), "{text}");
        }
    }
}
