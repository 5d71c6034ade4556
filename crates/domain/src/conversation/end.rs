//! How a lease ends: done, failed, or lost.

use clawstead_mutation::{Mutation, made};

use super::cancel::ended;
use super::enqueue::rank;
use super::event::{ConversationEvent, DeadLetterReason};
use super::facts::{Conversation, Lease, Message, Status};
use crate::config::{LeasePolicy, QueuePolicy, RetryPolicy};
use crate::{Refusal, text};

const ERROR_BYTES_MAX: usize = 2_000;

/// What a worker says about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending<'a> {
    /// Who says it.
    pub worker_id: &'a str,
    /// Of which message.
    pub message_id: &'a str,
    /// By which lease.
    pub lease_id: &'a str,
}

impl Ending<'_> {
    /// The lease, if it is live and this worker's.
    ///
    /// # Errors
    /// A refusal that tells apart: already done, not yours, expired.
    pub fn check<'c>(&self, conversation: &'c Conversation, message: &Message, now: i64) -> Result<&'c Lease, Refusal> {
        if message.status.is_ended() {
            return Err(ended(message));
        }
        let held = conversation.lease.as_ref().filter(|lease| lease.message_id == self.message_id);
        let Some(lease) = held.filter(|lease| lease.lease_id == self.lease_id) else {
            let was_ours = message.worker_id.as_deref() == Some(self.worker_id);
            return Err(if was_ours { expired() } else { not_yours() });
        };
        if lease.worker_id != self.worker_id {
            return Err(not_yours());
        }
        if lease.expires_at <= now && !made(Mutation::LateHolder) {
            return Err(expired());
        }
        Ok(lease)
    }
}

fn expired() -> Refusal {
    Refusal::conflict("lease_expired", "the lease has ended")
}

fn not_yours() -> Refusal {
    Refusal::conflict("lease_not_yours", "another worker has the message")
}

/// The holder is done. No event when it says so again.
///
/// # Errors
/// Without the live lease.
pub fn complete(
    ending: Ending<'_>,
    conversation: &Conversation,
    message: &Message,
    now: i64,
) -> Result<Option<ConversationEvent>, Refusal> {
    let repeated = message.status == Status::Done
        && message.lease_id.as_deref() == Some(ending.lease_id)
        && message.worker_id.as_deref() == Some(ending.worker_id);
    if repeated {
        return Ok(None);
    }
    let lease = ending.check(conversation, message, now)?;
    Ok(Some(ConversationEvent::MessageCompleted {
        message_id: message.message_id.clone(),
        worker_id: lease.worker_id.clone(),
        lease_id: lease.lease_id.clone(),
    }))
}

/// The holder gave up: another try later, or none. `roll` is a uniformly random number.
///
/// # Errors
/// Without the live lease.
pub fn fail(
    ending: Ending<'_>,
    error: &str,
    conversation: &Conversation,
    message: &Message,
    policies: (&QueuePolicy, &RetryPolicy),
    roll: u64,
    now: i64,
) -> Result<Vec<ConversationEvent>, Refusal> {
    let lease = ending.check(conversation, message, now)?;
    let (queue, retry) = policies;
    let attempts = message.attempts + 1;
    let ready_at = now + retry.delay_ms(attempts, roll);
    let mut events = vec![ConversationEvent::MessageFailed {
        message_id: message.message_id.clone(),
        worker_id: lease.worker_id.clone(),
        lease_id: lease.lease_id.clone(),
        attempts,
        error: text::truncate(error, ERROR_BYTES_MAX).to_owned(),
        ready_at,
        rank: rank(ready_at, message.priority, queue),
    }];
    if attempts >= message.max_attempts {
        events.push(ConversationEvent::MessageDeadLettered {
            message_id: message.message_id.clone(),
            reason: DeadLetterReason::Attempts,
        });
    }
    Ok(events)
}

/// The holder was not heard of in time. No events while the lease is live.
pub fn lose_lease(
    conversation: &Conversation,
    message: &Message,
    policies: (&QueuePolicy, &RetryPolicy, &LeasePolicy),
    roll: u64,
    now: i64,
) -> Vec<ConversationEvent> {
    let (queue, retry, leases) = policies;
    let Some(lease) = conversation.lease.as_ref().filter(|lease| lease.expires_at <= now || made(Mutation::StolenLease)) else {
        return Vec::new();
    };
    let ready_at = now + retry.delay_ms(message.deliveries, roll);
    let mut events = vec![ConversationEvent::LeaseLost {
        message_id: lease.message_id.clone(),
        worker_id: lease.worker_id.clone(),
        lease_id: lease.lease_id.clone(),
        attempts: message.attempts,
        error: format!("the lease of worker {} ran out", lease.worker_id),
        ready_at,
        rank: rank(ready_at, message.priority, queue),
    }];
    if message.deliveries >= leases.max_deliveries {
        events.push(ConversationEvent::MessageDeadLettered {
            message_id: lease.message_id.clone(),
            reason: DeadLetterReason::Deliveries,
        });
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::facts::fixture::message;

    const ENDING: Ending<'static> = Ending { worker_id: "w", message_id: "m", lease_id: "l" };

    fn conversation(lease: Option<(&str, &str)>) -> Conversation {
        Conversation {
            conversation_id: "c".into(),
            stream_version: 2,
            agent_key: "a".into(),
            lease_epoch: 1,
            turn_count: 0,
            lease: lease.map(|(lease_id, worker_id)| Lease {
                message_id: "m".into(),
                lease_id: lease_id.into(),
                worker_id: worker_id.into(),
                expires_at: 100,
            }),
        }
    }

    fn fail_now(message: &Message, roll: u64) -> Vec<ConversationEvent> {
        let policies = (&QueuePolicy::default(), &RetryPolicy::default());
        fail(ENDING, "boom", &conversation(Some(("l", "w"))), message, policies, roll, 50).unwrap()
    }

    #[test]
    fn the_holder_completes_until_the_lease_ends() {
        let held = conversation(Some(("l", "w")));
        assert!(complete(ENDING, &held, &message(Status::Processing), 99).unwrap().is_some());
        assert_eq!(complete(ENDING, &held, &message(Status::Processing), 100).unwrap_err().code, "lease_expired");
    }

    #[test]
    fn repeating_a_complete_succeeds_and_changes_nothing() {
        assert_eq!(complete(ENDING, &conversation(None), &message(Status::Done), 500), Ok(None));
    }

    #[test]
    fn a_late_holder_learns_why() {
        let moved_on = conversation(Some(("l2", "w2")));
        let mut others = message(Status::Processing);
        assert_eq!(complete(ENDING, &moved_on, &others, 50).unwrap_err().code, "lease_expired");
        others.worker_id = Some("w2".into());
        assert_eq!(complete(ENDING, &moved_on, &others, 50).unwrap_err().code, "lease_not_yours");
        for ended in [Status::DeadLetter, Status::Cancelled, Status::Discarded] {
            let refused = complete(ENDING, &conversation(None), &message(ended), 50);
            assert_eq!(refused.unwrap_err().code, "message_already_ended");
        }
    }

    #[test]
    fn a_fail_after_a_complete_does_not_undo_it() {
        let policies = (&QueuePolicy::default(), &RetryPolicy::default());
        let refused = fail(ENDING, "late", &conversation(None), &message(Status::Done), policies, 0, 50);
        assert_eq!(refused.unwrap_err().code, "message_already_ended");
    }

    #[test]
    fn failures_are_retried_until_the_limit() {
        let first = fail_now(&message(Status::Processing), 700);
        assert!(matches!(first[..], [ConversationEvent::MessageFailed { attempts: 1, ready_at: 750, .. }]));
        let last = fail_now(&Message { attempts: 1, ..message(Status::Processing) }, 0);
        assert!(matches!(
            last[..],
            [
                ConversationEvent::MessageFailed { attempts: 2, .. },
                ConversationEvent::MessageDeadLettered { reason: DeadLetterReason::Attempts, .. }
            ]
        ));
    }

    #[test]
    fn a_poison_message_ends() {
        let policies = (&QueuePolicy::default(), &RetryPolicy::default(), &LeasePolicy::default());
        let held = conversation(Some(("l", "w")));
        assert_eq!(lose_lease(&held, &message(Status::Processing), policies, 0, 99), []);
        assert_eq!(lose_lease(&held, &message(Status::Processing), policies, 0, 100).len(), 1);
        let often = Message { deliveries: 5, ..message(Status::Processing) };
        assert!(matches!(
            lose_lease(&held, &often, policies, 0, 100)[..],
            [
                ConversationEvent::LeaseLost { .. },
                ConversationEvent::MessageDeadLettered { reason: DeadLetterReason::Deliveries, .. }
            ]
        ));
    }
}
