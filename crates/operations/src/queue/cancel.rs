//! Withdrawing messages, and moving their time.

use clawstead_domain::config::QueuePolicy;
use clawstead_domain::conversation;
use clawstead_ledger::{Engine, Expected};

use super::facts;
use crate::{Cx, OperationError, configs, decide};

/// Withdraws a message, wherever it is. If a worker has it, its lease ends: whatever the worker says of it is refused from
/// then on. Saying it again succeeds.
///
/// # Errors
/// When the message is unknown, or ended in another way.
pub async fn cancel<E: Engine>(cx: &Cx<'_, E>, message_id: &str) -> Result<(), OperationError> {
    decide(async || {
        let (conversation, message) = facts::held(cx, message_id).await?;
        let Some(event) = conversation::cancel(&message)? else {
            return Ok(());
        };
        cx.append(&conversation.conversation_id, Expected::Version(conversation.stream_version), &[event]).await
    })
    .await
}

/// Moves the time before which a waiting message is not handed out: `scheduled_for`, ms since the epoch.
///
/// # Errors
/// When the message is unknown or does not wait, or the instant cannot be.
pub async fn reschedule<E: Engine>(cx: &Cx<'_, E>, message_id: &str, scheduled_for: i64) -> Result<(), OperationError> {
    let policy: QueuePolicy = configs::load(cx).await?.get()?;
    decide(async || {
        let (conversation, message) = facts::held(cx, message_id).await?;
        let event = conversation::reschedule(&message, scheduled_for, &policy, cx.now)?;
        cx.append(&conversation.conversation_id, Expected::Version(conversation.stream_version), &[event]).await
    })
    .await
}
