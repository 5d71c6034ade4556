//! Appending what was said.

use clawstead_domain::Refusal;
use clawstead_domain::conversation::{self, Lease, NewTurn};
use clawstead_ledger::{Engine, Expected, dedup_key};
use clawstead_vault::sha256_hex;

use super::facts;
use crate::workers::Worker;
use crate::{Cx, OperationError, decide};

/// What an append of turns made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Turns of the conversation now.
    pub turn_count: i64,
}

/// Appends turns, under the worker's live lease of a message of this conversation. The same turns under the same lease are
/// appended once.
///
/// # Errors
/// A refusal without the live lease: it keeps a late holder from answering.
pub async fn append_turns<E: Engine>(
    cx: &Cx<'_, E>,
    worker: &Worker,
    conversation_id: &str,
    turns: &[NewTurn],
) -> Result<Appended, OperationError> {
    decide(async || {
        let conversation = facts::conversation(cx, conversation_id).await?;
        let lease = live_lease(conversation.lease.as_ref(), worker, cx.now)?;
        let event = conversation::append_turns(&conversation, lease, turns, cx.now)?;
        let key = dedup_key(&["turns", &lease.lease_id, &fingerprint(turns)]);
        let version = Expected::Version(conversation.stream_version);
        let first = cx.append_once(conversation_id, version, &[event], key).await?;
        let added = if first.is_some() { 0 } else { turns.len() as i64 };
        Ok(Appended { turn_count: conversation.turn_count + added })
    })
    .await
}

/// The conversation of the message that the worker has by this lease.
///
/// # Errors
/// A refusal without the live lease.
pub async fn conversation_in_hand<E: Engine>(
    cx: &Cx<'_, E>,
    worker: &Worker,
    message_id: &str,
    lease_id: &str,
) -> Result<String, OperationError> {
    let (conversation, _) = facts::held(cx, message_id).await?;
    let lease = conversation.lease.as_ref().filter(|lease| lease.message_id == message_id && lease.lease_id == lease_id);
    live_lease(lease, worker, cx.now)?;
    Ok(conversation.conversation_id)
}

/// The worker's live lease of a message of the conversation.
pub(super) fn live_lease<'a>(lease: Option<&'a Lease>, worker: &Worker, now: i64) -> Result<&'a Lease, Refusal> {
    let Some(lease) = lease.filter(|lease| lease.worker_id == worker.worker_id) else {
        return Err(Refusal::conflict("lease_not_yours", "this worker has no message of this conversation in flight"));
    };
    if lease.expires_at <= now {
        return Err(Refusal::conflict("lease_expired", "the lease has ended"));
    }
    Ok(lease)
}

fn fingerprint(turns: &[NewTurn]) -> String {
    let parts: Vec<_> = turns.iter().map(|turn| (turn.role, &turn.content, turn.at)).collect();
    sha256_hex(serde_json::json!(parts).to_string())
}
