//! Withdrawing a message, and moving its time.

use super::enqueue::{check_schedule, rank};
use super::event::ConversationEvent;
use super::facts::{Message, Status};
use crate::Refusal;
use crate::config::QueuePolicy;

/// Withdraws a message, also one that is in flight: its lease ends with it. No event when it is withdrawn already.
///
/// # Errors
/// When it ended in another way.
pub fn cancel(message: &Message) -> Result<Option<ConversationEvent>, Refusal> {
    match message.status {
        Status::Cancelled => Ok(None),
        Status::Done | Status::DeadLetter | Status::Discarded => Err(ended(message)),
        Status::Queued => Ok(Some(cancelled(message, None, None))),
        Status::Processing => Ok(Some(cancelled(message, message.worker_id.clone(), message.lease_id.clone()))),
    }
}

/// Moves the time before which a waiting message is not handed out; an instant in the past means now. Its place in the
/// conversation stays, and so does whatever waits behind it.
///
/// # Errors
/// When the instant cannot be, or the message does not wait.
pub fn reschedule(message: &Message, scheduled_for: i64, policy: &QueuePolicy, now: i64) -> Result<ConversationEvent, Refusal> {
    check_schedule(Some(scheduled_for), now)?;
    match message.status {
        Status::Queued => {}
        Status::Processing => return Err(Refusal::conflict("message_in_flight", "a worker has the message")),
        _ => return Err(ended(message)),
    }
    let ready_at = scheduled_for.max(now);
    Ok(ConversationEvent::MessageRescheduled {
        message_id: message.message_id.clone(),
        ready_at,
        rank: rank(ready_at, message.priority, policy),
    })
}

fn cancelled(message: &Message, worker_id: Option<String>, lease_id: Option<String>) -> ConversationEvent {
    ConversationEvent::MessageCancelled { message_id: message.message_id.clone(), worker_id, lease_id }
}

pub(super) fn ended(message: &Message) -> Refusal {
    Refusal::conflict("message_already_ended", format!("the message is {}", message.status.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::facts::fixture::message;

    #[test]
    fn a_message_in_flight_is_taken_from_its_holder() {
        let cancelled = cancel(&message(Status::Processing)).unwrap();
        let holder = Some("w".to_owned());
        assert!(matches!(cancelled, Some(ConversationEvent::MessageCancelled { worker_id, .. }) if worker_id == holder));
        let cancelled = cancel(&message(Status::Queued)).unwrap();
        assert!(matches!(cancelled, Some(ConversationEvent::MessageCancelled { worker_id: None, lease_id: None, .. })));
    }

    #[test]
    fn what_has_ended_is_not_cancelled_and_what_is_cancelled_stays_so() {
        assert_eq!(cancel(&message(Status::Cancelled)), Ok(None));
        for ended in [Status::Done, Status::DeadLetter, Status::Discarded] {
            assert_eq!(cancel(&message(ended)).unwrap_err().code, "message_already_ended");
        }
    }

    #[test]
    fn only_what_waits_is_rescheduled_and_the_past_means_now() {
        let at = |status, instant| reschedule(&message(status), instant, &QueuePolicy::default(), 100_000);
        assert!(matches!(
            at(Status::Queued, 5),
            Ok(ConversationEvent::MessageRescheduled { ready_at: 100_000, rank: 50_000, .. })
        ));
        assert!(matches!(at(Status::Queued, 200_000), Ok(ConversationEvent::MessageRescheduled { ready_at: 200_000, .. })));
        assert_eq!(at(Status::Processing, 5).unwrap_err().code, "message_in_flight");
        assert_eq!(at(Status::Done, 5).unwrap_err().code, "message_already_ended");
        assert_eq!(at(Status::Queued, i64::MAX).unwrap_err().field, Some("scheduled_for"));
    }
}
