//! What the operator does with messages that were given up.

use super::enqueue::rank;
use super::event::ConversationEvent;
use super::facts::{Message, Status};
use crate::Refusal;
use crate::config::QueuePolicy;

/// Accepts a dead letter anew, with all its attempts before it. What came after it has been worked meanwhile, so it goes to
/// the end of its conversation.
///
/// # Errors
/// When it is none.
pub fn replay(message: &Message, policy: &QueuePolicy, now: i64) -> Result<ConversationEvent, Refusal> {
    check(message)?;
    Ok(ConversationEvent::DeadLetterReplayed {
        message_id: message.message_id.clone(),
        ready_at: now,
        rank: rank(now, message.priority, policy),
    })
}

/// Puts a dead letter away. No event when that was done before.
///
/// # Errors
/// When it is none.
pub fn discard(message: &Message) -> Result<Option<ConversationEvent>, Refusal> {
    if message.status == Status::Discarded {
        return Ok(None);
    }
    check(message)?;
    Ok(Some(ConversationEvent::DeadLetterDiscarded { message_id: message.message_id.clone() }))
}

fn check(message: &Message) -> Result<(), Refusal> {
    if message.status == Status::DeadLetter {
        return Ok(());
    }
    Err(Refusal::conflict("not_a_dead_letter", format!("the message is {}", message.status.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::facts::fixture::message;

    #[test]
    fn only_dead_letters_are_replayed_and_discarded() {
        for other in [Status::Queued, Status::Processing, Status::Done, Status::Cancelled] {
            assert_eq!(replay(&message(other), &QueuePolicy::default(), 5).unwrap_err().code, "not_a_dead_letter");
            assert_eq!(discard(&message(other)).unwrap_err().code, "not_a_dead_letter");
        }
        assert!(discard(&message(Status::DeadLetter)).unwrap().is_some());
    }

    #[test]
    fn a_replay_is_ready_at_once() {
        let replayed = replay(&message(Status::DeadLetter), &QueuePolicy::default(), 100_000).unwrap();
        assert!(matches!(replayed, ConversationEvent::DeadLetterReplayed { ready_at: 100_000, rank: 50_000, .. }));
    }

    #[test]
    fn discarding_again_changes_nothing_and_what_is_discarded_is_not_replayed() {
        assert_eq!(discard(&message(Status::Discarded)), Ok(None));
        let replayed = replay(&message(Status::Discarded), &QueuePolicy::default(), 5);
        assert_eq!(replayed.unwrap_err().code, "not_a_dead_letter");
    }
}
