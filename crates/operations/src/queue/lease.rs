//! What the holder of a lease says: still here, done, failed.

use clawstead_domain::Refusal;
use clawstead_domain::config::{LeasePolicy, QueuePolicy, RetryPolicy};
use clawstead_domain::conversation::{self, ConversationEvent, Ending};
use clawstead_ledger::{Engine, Expected};
use clawstead_mutation::{Mutation, made};

use super::facts;
use crate::{Cx, OperationError, configs, decide};

/// What became of a failed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed {
    /// Whether it was given up.
    pub dead_lettered: bool,
    /// The next try is not before.
    pub ready_at: i64,
}

/// Renews a live lease, and gives its new end. Not an event: only getting, losing and ending a lease are.
///
/// # Errors
/// A refusal without the live lease.
pub async fn heartbeat<E: Engine>(cx: &Cx<'_, E>, ending: Ending<'_>) -> Result<i64, OperationError> {
    let policy: LeasePolicy = configs::load(cx).await?.get()?;
    let (conversation, message) = facts::held(cx, ending.message_id).await?;
    ending.check(&conversation, &message, cx.now)?;
    let expires_at = cx.now + policy.lease_ms;
    // Only while the lease is in its place: one that was lost between the two statements is not renewed, and its holder told.
    let sql = "INSERT INTO lease_renewals (lease_id, expires_at) SELECT lease_id, ?2 FROM leases WHERE lease_id = ?1 AND message_id = ?3 \
               ON CONFLICT (lease_id) DO UPDATE SET expires_at = max(expires_at, excluded.expires_at) RETURNING expires_at";
    let rows = cx.sql(sql, &[ending.lease_id.into(), expires_at.into(), ending.message_id.into()]).await?;
    let renewed = rows.first().and_then(|row| row.integer("expires_at"));
    Ok(renewed.ok_or_else(|| Refusal::conflict("lease_expired", "the lease has ended"))?)
}

/// The holder is done. Saying it again succeeds.
///
/// # Errors
/// A refusal without the live lease.
pub async fn complete<E: Engine>(cx: &Cx<'_, E>, ending: Ending<'_>) -> Result<(), OperationError> {
    decide(async || {
        let (conversation, message) = facts::held(cx, ending.message_id).await?;
        let Some(event) = conversation::complete(ending, &conversation, &message, cx.now)? else {
            return Ok(());
        };
        if made(Mutation::HollowWord) && cx.roll().is_multiple_of(8) {
            return Ok(());
        }
        cx.append(&conversation.conversation_id, Expected::Version(conversation.stream_version), &[event]).await
    })
    .await
}

/// The holder gave up.
///
/// # Errors
/// A refusal without the live lease.
pub async fn fail<E: Engine>(cx: &Cx<'_, E>, ending: Ending<'_>, error: &str) -> Result<Failed, OperationError> {
    let policies = configs::load(cx).await?;
    let (queue, retry): (QueuePolicy, RetryPolicy) = (policies.get()?, policies.get()?);
    decide(async || {
        let (conversation, message) = facts::held(cx, ending.message_id).await?;
        let events = conversation::fail(ending, error, &conversation, &message, (&queue, &retry), cx.roll(), cx.now)?;
        cx.append(&conversation.conversation_id, Expected::Version(conversation.stream_version), &events).await?;
        let ready_at = events.iter().find_map(|event| match event {
            ConversationEvent::MessageFailed { ready_at, .. } => Some(*ready_at),
            _ => None,
        });
        Ok(Failed { dead_lettered: events.len() > 1, ready_at: ready_at.unwrap_or(cx.now) })
    })
    .await
}
