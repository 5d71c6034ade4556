//! What is heard of the chats of bound accounts.

use clawstead_domain::binding;
use clawstead_ledger::{Engine, Expected};

use super::by_telegram;
use crate::{Cx, OperationError, decide};

/// Writes down whether the private chat of a bound account takes messages, unless that is known. A chat that no binding has is
/// passed over.
///
/// # Errors
/// When the database does not do it.
pub async fn heard<E: Engine>(cx: &Cx<'_, E>, bot_id: &str, chat_id: &str, blocked: bool) -> Result<(), OperationError> {
    decide(async || {
        // A private chat has the id of its user.
        let binding = by_telegram(cx, bot_id, chat_id).await?;
        let Some((binding, event)) = binding.and_then(|binding| binding::heard(&binding, blocked).map(|event| (binding, event)))
        else {
            return Ok(());
        };
        cx.append(&binding.binding_id, Expected::Version(binding.stream_version), &[event]).await
    })
    .await
}
