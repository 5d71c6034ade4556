//! Snapshots that are of no more use.

use clawstead_domain::config::RetentionPolicy;
use clawstead_domain::snapshot::{self, Expiry, Snapshot};
use clawstead_ledger::{Engine, Expected};

use super::facts;
use crate::{Cx, OperationError, configs};

/// Ends uploads that did not finish in time, and good snapshots that are too old and not the newest of their conversation; at
/// most `limit` of each. Gives how many.
///
/// # Errors
/// When the database does not do it; what has ended stays ended.
pub async fn retire<E: Engine>(cx: &Cx<'_, E>, limit: i64) -> Result<i64, OperationError> {
    let policy: RetentionPolicy = configs::load(cx).await?.get()?;
    let overdue = "WHERE status = 'uploading' AND upload_by <= ?1 ORDER BY upload_by LIMIT ?2";
    let unfinished = facts::snapshots(cx, overdue, &[cx.now.into(), limit.into()]).await?;
    let old = "WHERE status = 'ready' AND superseded = 1 AND completed_at <= ?1 ORDER BY completed_at LIMIT ?2";
    let aged = facts::snapshots(cx, old, &[(cx.now - policy.snapshot_age_ms).into(), limit.into()]).await?;
    Ok(end(cx, &unfinished, Expiry::Unfinished).await? + end(cx, &aged, Expiry::Age).await?)
}

/// Ends the oldest good snapshots of the conversation of a new one, as far as there are more than the policy keeps.
pub(super) async fn beyond_count<E: Engine>(
    cx: &Cx<'_, E>,
    snapshot_id: &str,
    policy: &RetentionPolicy,
) -> Result<(), OperationError> {
    let condition = "WHERE snapshot_id IN (SELECT s.snapshot_id FROM snapshots s JOIN snapshots mine \
                     ON mine.conversation_id = s.conversation_id AND mine.workspace_id = s.workspace_id \
                     WHERE mine.snapshot_id = ?1 AND s.status = 'ready' ORDER BY s.superseded, s.position DESC LIMIT -1 OFFSET ?2)";
    let surplus = facts::snapshots(cx, condition, &[snapshot_id.into(), policy.snapshots_max.into()]).await?;
    end(cx, &surplus, Expiry::Count).await?;
    Ok(())
}

/// One append each: one that cannot end keeps no other from it.
async fn end<E: Engine>(cx: &Cx<'_, E>, which: &[Snapshot], reason: Expiry) -> Result<i64, OperationError> {
    let mut ended = 0;
    for known in which {
        let Some(event) = snapshot::expire(known, reason, cx.now) else { continue };
        match cx.append(&known.snapshot_id, Expected::Version(known.stream_version), &[event]).await {
            Ok(()) => ended += 1,
            // It has just been finished, given up, offered, or become the newest again: the next look will tell.
            Err(OperationError::Raced | OperationError::Rule(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(ended)
}
