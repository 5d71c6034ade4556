//! Attaching metadata to messages.

use std::collections::BTreeMap;

use clawstead_domain::conversation;
use clawstead_ledger::{Engine, Expected};

use super::facts;
use super::turns::live_lease;
use crate::workers::Worker;
use crate::{Cx, OperationError, decide};

/// Attaches metadata to the message that the worker has in flight; what is new wins.
///
/// # Errors
/// A refusal without the live lease.
pub async fn attach_metadata<E: Engine>(
    cx: &Cx<'_, E>,
    worker: &Worker,
    message_id: &str,
    metadata: &BTreeMap<String, String>,
) -> Result<(), OperationError> {
    decide(async || {
        let (conversation, _) = facts::held(cx, message_id).await?;
        let lease = live_lease(conversation.lease.as_ref().filter(|lease| lease.message_id == message_id), worker, cx.now)?;
        let event = conversation::attach_metadata(lease, &known(cx, message_id).await?, metadata)?;
        let version = Expected::Version(conversation.stream_version);
        cx.append(&conversation.conversation_id, version, &[event]).await
    })
    .await
}

async fn known<E: Engine>(cx: &Cx<'_, E>, message_id: &str) -> Result<BTreeMap<String, String>, OperationError> {
    let sql = "SELECT json_patch(e.data -> '$.metadata', coalesce(a.metadata, '{}')) AS metadata FROM messages m \
               JOIN events e ON e.position = m.position LEFT JOIN message_metadata a ON a.message_id = m.message_id \
               WHERE m.message_id = ?1";
    let rows = cx.sql(sql, &[message_id.into()]).await?;
    let metadata = rows.first().and_then(|row| row.text("metadata")).and_then(|text| serde_json::from_str(&text).ok());
    metadata.ok_or_else(|| OperationError::unexpected("the metadata of a message"))
}
