//! What waits in the name of a binding ends with it: codes of the same user and agent, or the next one would undo it; and messages, or
//! somebody who may not speak any more would still be answered.

use clawstead_domain::binding::{Binding, BindingEvent};
use clawstead_ledger::{Engine, Expected, Value};

use super::{find, of_user};
use crate::{Cx, OperationError, decide, pairings, queue};

/// Messages of a binding that are withdrawn in one step; the next tick goes on.
const STEP: i64 = 100;

/// Settles at most `limit` bindings that ended and were not settled then; gives how many.
///
/// # Errors
/// When the database does not answer.
pub async fn settle_due<E: Engine>(cx: &Cx<'_, E>, limit: i64) -> Result<i64, OperationError> {
    let sql = "SELECT binding_id FROM bindings WHERE settle_at <= ?1 ORDER BY settle_at LIMIT ?2";
    let rows = cx.sql(sql, &[cx.now.into(), limit.into()]).await?;
    let mut settled = 0;
    for binding_id in rows.iter().filter_map(|row| row.text("binding_id")) {
        settled += i64::from(settle(cx, &binding_id).await?);
    }
    Ok(settled)
}

/// Settles a binding that has ended; gives whether that is done. One that is active, or settled, is left as it is.
///
/// What came before its end is withdrawn, also from a worker that has it. A user who was bound to the same agent in the same moment goes
/// on with all that waits.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn settle<E: Engine>(cx: &Cx<'_, E>, binding_id: &str) -> Result<bool, OperationError> {
    let sql = "SELECT revoked_at FROM bindings WHERE binding_id = ?1 AND settle_at IS NOT NULL";
    let rows = cx.sql(sql, &[binding_id.into()]).await?;
    let (Some(revoked_at), Some(binding)) = (rows.first().and_then(|row| row.integer("revoked_at")), find(cx, binding_id).await?)
    else {
        return Ok(false);
    };
    let goes_on = of_user(cx, &binding.consumer_user_id, &binding.agent_key).await?;
    if goes_on.is_none_or(|other| other.bound_at > revoked_at) && !withdraw(cx, &binding, revoked_at).await? {
        return Ok(false);
    }
    decide(async || {
        let Some(binding) = find(cx, binding_id).await? else { return Ok(()) };
        cx.append(binding_id, Expected::Version(binding.stream_version), &[BindingEvent::BindingSettled {}]).await
    })
    .await?;
    Ok(true)
}

/// Takes back codes and messages; gives whether those were all.
async fn withdraw<E: Engine>(cx: &Cx<'_, E>, binding: &Binding, revoked_at: i64) -> Result<bool, OperationError> {
    pairings::revoke_pending(cx, &binding.consumer_user_id, &binding.agent_key, revoked_at, "binding_revoked").await?;
    let sql = "SELECT message_id FROM messages WHERE conversation_id = ?1 AND status IN ('queued', 'processing') \
               AND enqueued_at <= ?2 LIMIT ?3";
    let params: [Value; 3] = [(&binding.conversation_id).into(), revoked_at.into(), STEP.into()];
    let rows = cx.sql(sql, &params).await?;
    let waiting: Vec<String> = rows.iter().filter_map(|row| row.text("message_id")).collect();
    for message_id in &waiting {
        match queue::cancel(cx, message_id).await {
            // It ended this very moment.
            Ok(()) | Err(OperationError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok((waiting.len() as i64) < STEP)
}
