//! What to do with an update.

use clawstead_ledger::{Engine, dedup_key};
use clawstead_telegram::update::{ChatKind, ChatMemberUpdated, Event, MemberStatus, Message, Update};
use clawstead_telegram::{Start, content_of, start_command, written_of};

use super::answer::{Answer, Said};
use super::speaker::{Place, Speaker};
use super::{IngressBot, Outcome, Received, album, chats, message};
use crate::{Cx, OperationError, bindings, pairings, queue};

/// Takes an update that Telegram delivered for a bot. Every `Ok` is final and to be answered with a 2xx: an update that cannot
/// be done now can never be done, and delivering it again would only hold up those behind it. Files are not fetched here, and nothing
/// is sent: that comes after the answer.
///
/// # Errors
/// What may pass; Telegram should deliver the update again.
pub async fn receive<E: Engine>(cx: &Cx<'_, E>, bot: &IngressBot, body: &[u8]) -> Result<Received, OperationError> {
    let Ok(update) = serde_json::from_slice::<Update>(body) else {
        // Its bot has proved itself. Whatever this is, it will not be readable the next time.
        return Ok(Received::unread("unreadable"));
    };
    let mut taking = Taking { cx, bot, update_id: update.update_id, calls_telegram: false };
    let outcome = match &update.event {
        Event::Message(message) => taking.message(message).await?,
        Event::EditedMessage(message) => taking.edit(message).await?,
        Event::MyChatMember(change) => taking.standing(change).await?,
        _ => Outcome::Ignored { reason: "not_for_us" },
    };
    Ok(Received { kind: update.kind(), outcome, calls_telegram: taking.calls_telegram })
}

/// One update on its way.
pub(super) struct Taking<'a, E> {
    pub(super) cx: &'a Cx<'a, E>,
    pub(super) bot: &'a IngressBot,
    pub(super) update_id: i64,
    pub(super) calls_telegram: bool,
}

impl<E: Engine> Taking<'_, E> {
    async fn message(&mut self, message: &Message) -> Result<Outcome, OperationError> {
        if let Some(new_id) = message.migrate_to_chat_id {
            chats::moved(self.cx, &self.bot.bot_id, message.chat.id, new_id).await?;
            return Ok(Outcome::Noted { what: "chat_moved" });
        }
        let place = Place::of(self.bot, message);
        let start = start_command(message, &self.bot.username);
        if let (Some(start), Some(place)) = (start, &place) {
            return self.start(start, place).await;
        }
        match self.speaker(message, place).await? {
            Ok(speaker) => self.take(message, &speaker).await,
            Err(outcome) => Ok(outcome),
        }
    }

    /// Identity is only ever given in a private chat.
    async fn start(&mut self, start: Start, place: &Place) -> Result<Outcome, OperationError> {
        let Place::Private(account) = place else {
            return Ok(Outcome::Ignored { reason: "start_in_group" });
        };
        let answer = Answer { update_id: self.update_id, account };
        match start {
            Start::Code(code) => match pairings::consume(self.cx, &code, account).await {
                Ok(used) if self.still_holds(&used).await? => {
                    self.say(&answer, Said::Paired).await?;
                    Ok(Outcome::Paired)
                }
                Ok(_) => self.turn_away(&answer, Said::BadCode, "pairing_revoked").await,
                Err(OperationError::Refused(refusal)) => self.turn_away(&answer, Said::BadCode, refusal.code).await,
                Err(error) => Err(error),
            },
            Start::Malformed => self.turn_away(&answer, Said::BadCode, "start_malformed").await,
            Start::Bare => {
                let binding = bindings::by_telegram(self.cx, &account.bot_id, &account.telegram_user_id).await?;
                let is_bound = binding.is_some_and(|binding| binding.agent_key == self.bot.agent_key);
                self.say(&answer, if is_bound { Said::Paired } else { Said::Stranger }).await?;
                Ok(Outcome::Ignored { reason: "start_without_code" })
            }
        }
    }

    /// A code that is brought again is good as long as its account still speaks for its user.
    async fn still_holds(&self, used: &pairings::Used) -> Result<bool, OperationError> {
        if used.binding.revoked_at.is_none() {
            return Ok(true);
        }
        let (bot_id, user_id) = (used.binding.bot_id.as_deref(), used.binding.telegram_user_id.as_deref());
        let now = bindings::by_telegram(self.cx, bot_id.unwrap_or_default(), user_id.unwrap_or_default()).await?;
        Ok(now.is_some_and(|now| {
            (now.consumer_user_id, now.agent_key) == (used.binding.consumer_user_id.clone(), used.binding.agent_key.clone())
        }))
    }

    /// An edit is a message that says so. What changed without a word, such as a place that moves on, is passed over.
    async fn edit(&mut self, message: &Message) -> Result<Outcome, OperationError> {
        let place = Place::of(self.bot, message);
        if start_command(message, &self.bot.username).is_some() {
            return Ok(Outcome::Ignored { reason: "edited_command" });
        }
        if written_of(message).is_none() {
            return Ok(Outcome::Ignored { reason: "edit_without_words" });
        }
        match self.speaker(message, place).await? {
            Ok(speaker) if message::said_before(self.cx, self.bot, message, &speaker).await? => {
                Ok(Outcome::Ignored { reason: "edit_without_change" })
            }
            Ok(speaker) => self.take(message, &speaker).await,
            Err(outcome) => Ok(outcome),
        }
    }

    /// Who speaks to which agent, and where; or what is done instead of listening.
    async fn speaker(&mut self, message: &Message, place: Option<Place>) -> Result<Result<Speaker, Outcome>, OperationError> {
        match place {
            None => Ok(Err(Outcome::Ignored { reason: why_nobody(message) })),
            Some(Place::Private(account)) => match Speaker::private(self.cx, self.bot, &account).await? {
                Some(speaker) => Ok(Ok(speaker)),
                None => self.stranger(&Answer { update_id: self.update_id, account: &account }).await.map(Err),
            },
            Some(Place::Group(account)) => match Speaker::group(self.cx, self.bot, &account).await? {
                Some(speaker) => Ok(Ok(speaker)),
                None => Ok(Err(Outcome::Ignored { reason: "group_chat" })),
            },
        }
    }

    async fn take(&mut self, message: &Message, speaker: &Speaker) -> Result<Outcome, OperationError> {
        let Some(content) = content_of(message) else {
            return Ok(Outcome::Ignored { reason: "nothing_to_say" });
        };
        let command = message::to_enqueue(self.cx, self.bot, message, speaker, &content).await?;
        self.calls_telegram |= command.attachments.iter().any(|file| file.fetch.is_some() && file.error.is_none());
        if let Some(added) = album::add(self.cx, message, &command, &self.key()).await? {
            return Ok(added);
        }
        let outcome = match queue::enqueue(self.cx, &command, Some(self.key())).await {
            Ok(accepted) if accepted.repeated => Outcome::Duplicate { message_id: accepted.message_id },
            Ok(accepted) => Outcome::Enqueued { message_id: accepted.message_id },
            Err(OperationError::Refused(refusal)) if speaker.is_private => {
                let answer = Answer { update_id: self.update_id, account: &speaker.account };
                self.turn_away(&answer, Said::NotTaken, refusal.code).await?
            }
            Err(OperationError::Refused(refusal)) => Outcome::Refused { reason: refusal.code },
            Err(error) => return Err(error),
        };
        if speaker.was_blocked {
            bindings::heard(self.cx, &self.bot.bot_id, &speaker.account.telegram_chat_id, false).await?;
        }
        Ok(outcome)
    }

    /// An account that nobody is bound to. What it wrote while it still was bound stays accepted.
    async fn stranger(&mut self, answer: &Answer<'_>) -> Result<Outcome, OperationError> {
        let first = self.cx.ledger.by_dedup_key(&self.key()).await?;
        match first.as_ref().and_then(|event| event.data["message_id"].as_str()) {
            Some(message_id) => Ok(Outcome::Duplicate { message_id: message_id.to_owned() }),
            None => self.turn_away(answer, Said::Stranger, "not_paired").await,
        }
    }

    /// The bot's own standing: in a private chat, whether the user has blocked it.
    async fn standing(&mut self, change: &ChatMemberUpdated) -> Result<Outcome, OperationError> {
        let blocked = match (change.chat.kind, change.new_chat_member.status) {
            (ChatKind::Private, MemberStatus::Kicked) => true,
            (ChatKind::Private, MemberStatus::Member) => false,
            _ => return Ok(Outcome::Ignored { reason: "standing_in_group" }),
        };
        bindings::heard(self.cx, &self.bot.bot_id, &change.chat.id.to_string(), blocked).await?;
        Ok(Outcome::Noted { what: if blocked { "blocked" } else { "unblocked" } })
    }

    /// An update is taken once: its number is unique within its bot.
    pub(super) fn key(&self) -> String {
        dedup_key(&["telegram", &self.bot.bot_id, &self.update_id.to_string()])
    }
}

fn why_nobody(message: &Message) -> &'static str {
    match message.chat.kind {
        ChatKind::Private | ChatKind::Group | ChatKind::Supergroup => "not_a_person",
        ChatKind::Channel | ChatKind::Unknown => "not_a_chat",
    }
}
