use super::{ATTEMPT_MS, CHAT_WAITING_MAX, Format, GIVE_UP_AFTER_MS, GivenUp, OutboxEvent, Postponed, TEXT_BYTES_MAX, Waiting};
use crate::config::RetryPolicy;
use crate::{Refusal, text};

/// How long a message waits after trouble: from a second to five minutes.
const BACK_OFF: RetryPolicy = RetryPolicy { max_attempts: 1_000, base_delay_ms: 2_000, max_delay_ms: 300_000 };
/// Telegram is obeyed for so long at most; it may have meant something else.
const RETRY_AFTER_MS_MAX: i64 = 3_600_000;

/// A reply to a chat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewReply {
    /// The bot that sends it.
    pub bot_id: String,
    /// Telegram's id of the chat.
    pub chat_id: String,
    /// The topic of the chat.
    pub thread_id: Option<i64>,
    /// What is said.
    pub text: String,
    /// How it is marked up.
    pub format: Format,
    /// The message that it answers, if it answers one.
    pub message_id: Option<String>,
    /// The lease under which it is handed over: without it, nothing is queued.
    pub lease_id: Option<String>,
    /// SHA-256 of the request, for one with an idempotency key.
    pub request_hash: Option<String>,
}

/// A piece of a reply that one message holds.
pub type Part = String;

/// Queues a reply, cut into what one message each holds.
///
/// # Errors
/// When there is nothing to say, or too much.
pub fn queue(reply: &NewReply, parts: Vec<Part>, now: i64) -> Result<Vec<OutboxEvent>, Refusal> {
    text::check_text("text", &reply.text, TEXT_BYTES_MAX)?;
    if parts.is_empty() {
        return Err(Refusal::invalid("text", "must not be blank"));
    }
    let count = i64::try_from(parts.len()).unwrap_or(i64::MAX);
    let queued = |(number, text): (i64, Part)| OutboxEvent::ReplyQueued {
        bot_id: reply.bot_id.clone(),
        chat_id: reply.chat_id.clone(),
        thread_id: reply.thread_id,
        text,
        format: reply.format,
        part: number,
        parts: count,
        message_id: reply.message_id.clone(),
        lease_id: reply.lease_id.clone(),
        request_hash: reply.request_hash.clone(),
        give_up_at: now + GIVE_UP_AFTER_MS,
        chat_waiting_max: CHAT_WAITING_MAX,
    };
    Ok((1..).zip(parts).map(queued).collect())
}

/// Before a message is sent: that it is about to be, or that it is too late for it.
pub fn attempt(waiting: &Waiting, now: i64) -> OutboxEvent {
    if now >= waiting.give_up_at {
        return OutboxEvent::ReplyGivenUp { reason: GivenUp::TooLate };
    }
    OutboxEvent::ReplyAttempted { attempt: waiting.attempts + 1, retry_at: now + ATTEMPT_MS }
}

/// A message whose bot is gone.
pub fn no_bot() -> OutboxEvent {
    OutboxEvent::ReplyGivenUp { reason: GivenUp::NoBot }
}

/// What Telegram said of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// It shows the message.
    Shown {
        /// Its number of it.
        telegram_message_id: i64,
    },
    /// Wait for so many ms.
    Wait(u64),
    /// The chat does not take messages of this bot.
    Blocked,
    /// The message is not good.
    Refused,
    /// The token is not good.
    TokenRefused,
    /// Nothing, or nothing that can be read. The message may be shown all the same.
    Nothing,
}

/// What becomes of a message after an attempt; `roll` is a uniformly random number.
pub fn after(waiting: &Waiting, said: Said, roll: u64, now: i64) -> OutboxEvent {
    let postponed = |reason, delay_ms: i64| OutboxEvent::ReplyPostponed { reason, retry_at: now + delay_ms };
    let back_off = BACK_OFF.delay_ms(waiting.attempts, roll).max(BACK_OFF.base_delay_ms / 2);
    match said {
        Said::Shown { telegram_message_id } => OutboxEvent::ReplySent { telegram_message_id },
        Said::Wait(ms) => postponed(Postponed::RetryAfter, i64::try_from(ms).unwrap_or(i64::MAX).clamp(1, RETRY_AFTER_MS_MAX)),
        Said::Blocked => OutboxEvent::ReplyGivenUp { reason: GivenUp::Blocked },
        Said::Refused if waiting.format == Format::Html => OutboxEvent::ReplyMadePlain {},
        Said::Refused => OutboxEvent::ReplyGivenUp { reason: GivenUp::Refused },
        Said::TokenRefused => postponed(Postponed::TokenRefused, back_off),
        Said::Nothing => postponed(Postponed::NoAnswer, back_off),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(format: Format) -> Waiting {
        Waiting {
            reply_id: "r".into(),
            stream_version: 2,
            bot_id: "1".into(),
            chat_id: "5".into(),
            format,
            attempts: 1,
            give_up_at: 1_000,
        }
    }

    #[test]
    fn a_reply_is_queued_in_its_parts() {
        let reply = NewReply { text: "a b".into(), ..NewReply::default() };
        let events = queue(&reply, vec!["a".into(), "b".into()], 7).unwrap();
        let shown: Vec<_> = events
            .iter()
            .map(|event| match event {
                OutboxEvent::ReplyQueued { text, part, parts, give_up_at, .. } => (text.as_str(), *part, *parts, *give_up_at),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(shown, [("a", 1, 2, 7 + GIVE_UP_AFTER_MS), ("b", 2, 2, 7 + GIVE_UP_AFTER_MS)]);
        assert_eq!(queue(&NewReply::default(), vec![], 7).unwrap_err().field, Some("text"));
        assert_eq!(queue(&reply, vec![], 7).unwrap_err().field, Some("text"));
    }

    #[test]
    fn an_attempt_is_announced_unless_it_is_too_late() {
        let announced = attempt(&waiting(Format::Plain), 999);
        assert_eq!(announced, OutboxEvent::ReplyAttempted { attempt: 2, retry_at: 999 + ATTEMPT_MS });
        assert_eq!(attempt(&waiting(Format::Plain), 1_000), OutboxEvent::ReplyGivenUp { reason: GivenUp::TooLate });
    }

    #[test]
    fn markup_is_given_up_before_the_message_is() {
        let refused = |format| after(&waiting(format), Said::Refused, 0, 0);
        assert_eq!(refused(Format::Html), OutboxEvent::ReplyMadePlain {});
        assert_eq!(refused(Format::Plain), OutboxEvent::ReplyGivenUp { reason: GivenUp::Refused });
    }

    #[test]
    fn telegram_is_obeyed_and_an_unknown_outcome_is_tried_again() {
        let retry_at = |said| match after(&waiting(Format::Plain), said, 0, 100) {
            OutboxEvent::ReplyPostponed { retry_at, .. } => retry_at,
            other => panic!("{other:?}"),
        };
        assert_eq!(retry_at(Said::Wait(30_000)), 30_100);
        assert_eq!(retry_at(Said::Wait(u64::MAX)), 100 + RETRY_AFTER_MS_MAX);
        assert_eq!(retry_at(Said::Nothing), 1_100);
    }
}
