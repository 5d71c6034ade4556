//! Taking messages back from holders that were not heard of in time.

use clawstead_domain::config::{LeasePolicy, QueuePolicy, RetryPolicy};
use clawstead_domain::conversation;
use clawstead_ledger::{Engine, Expected};
use clawstead_mutation::{Mutation, made};

use super::facts;
use crate::{Cx, OperationError, configs, decide};

/// Takes back messages whose lease has run out, at most `limit`, longest overdue first. Gives how many it took.
///
/// # Errors
/// When the database does not do it; what was taken stays taken.
pub async fn recover_leases<E: Engine>(cx: &Cx<'_, E>, limit: i64) -> Result<i64, OperationError> {
    if made(Mutation::LostTick) {
        return Ok(0);
    }
    let policies = configs::load(cx).await?;
    let (queue, retry, leases): (QueuePolicy, RetryPolicy, LeasePolicy) = (policies.get()?, policies.get()?, policies.get()?);
    let sql = "SELECT l.conversation_id FROM leases l LEFT JOIN lease_renewals r ON r.lease_id = l.lease_id \
               WHERE l.expires_at <= ?1 AND coalesce(r.expires_at, 0) <= ?1 ORDER BY l.expires_at LIMIT ?2";
    let by = if made(Mutation::StolenLease) { i64::MAX } else { cx.now };
    let due = cx.sql(sql, &[by.into(), limit.into()]).await?;
    let mut taken = 0;
    for conversation_id in due.iter().filter_map(|row| row.text("conversation_id")) {
        taken += decide(async || {
            let Some((conversation, message)) = facts::in_flight(cx, &conversation_id).await? else {
                return Ok(0);
            };
            let events = conversation::lose_lease(&conversation, &message, (&queue, &retry, &leases), cx.roll(), cx.now);
            cx.append(&conversation_id, Expected::Version(conversation.stream_version), &events).await?;
            Ok(i64::from(!events.is_empty()))
        })
        .await?;
    }
    forget_renewals(cx).await?;
    Ok(taken)
}

/// Renewals of leases that have ended are of no use to anybody.
async fn forget_renewals<E: Engine>(cx: &Cx<'_, E>) -> Result<(), OperationError> {
    let sql = "DELETE FROM lease_renewals WHERE expires_at <= ?1 AND lease_id NOT IN (SELECT lease_id FROM leases)";
    cx.sql(sql, &[cx.now.into()]).await?;
    Ok(())
}
