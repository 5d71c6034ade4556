//! Handing a message to a worker.

use clawstead_mutation::{Mutation, made};

use super::event::ConversationEvent;
use super::facts::{Conversation, Waiting};
use crate::Refusal;
use crate::config::LeasePolicy;

/// Who claims.
#[derive(Debug, Clone, Copy)]
pub struct Claimant<'a> {
    /// The worker.
    pub worker_id: &'a str,
    /// What it calls this claim; none when it will not ask again.
    pub claim_key: Option<&'a str>,
}

/// Hands the head of a conversation to a worker.
///
/// # Errors
/// When the head is not ready, or another message of the conversation is in flight.
pub fn claim(
    conversation: &Conversation,
    head: &Waiting,
    claimant: Claimant<'_>,
    lease_id: String,
    policy: &LeasePolicy,
    now: i64,
) -> Result<ConversationEvent, Refusal> {
    if conversation.lease.is_some() {
        return Err(Refusal::conflict("conversation_busy", "a message of this conversation is in flight"));
    }
    if head.ready_at > now && !made(Mutation::Impatient) {
        return Err(Refusal::conflict("message_not_ready", "the next message waits for its time"));
    }
    Ok(ConversationEvent::MessageClaimed {
        message_id: head.message_id.clone(),
        worker_id: claimant.worker_id.to_owned(),
        lease_id,
        epoch: conversation.lease_epoch + 1,
        delivery: head.deliveries + 1,
        expires_at: now + policy.lease_ms,
        claim_key: claimant.claim_key.map(str::to_owned),
    })
}
