//! The facts that decisions about snapshots need.

use clawstead_domain::Refusal;
use clawstead_domain::snapshot::{self, Assignment, Figures, Snapshot, Status};
use clawstead_ledger::{Engine, Row};

use crate::workers::Worker;
use crate::{Cx, OperationError};

const SNAPSHOT: &str =
    "SELECT snapshot_id, stream_version, worker_id, status, file_id, upload_by, sha256, size_bytes, superseded FROM snapshots";

/// One snapshot.
pub(super) async fn snapshot<E: Engine>(cx: &Cx<'_, E>, snapshot_id: &str) -> Result<Snapshot, OperationError> {
    let found = snapshots(cx, "WHERE snapshot_id = ?1", &[snapshot_id.into()]).await?;
    Ok(found.into_iter().next().ok_or_else(snapshot::not_found)?)
}

/// The snapshots that a condition selects.
pub(super) async fn snapshots<E: Engine>(
    cx: &Cx<'_, E>,
    condition: &str,
    params: &[clawstead_ledger::Value],
) -> Result<Vec<Snapshot>, OperationError> {
    let rows = cx.sql(&format!("{SNAPSHOT} {condition}"), params).await?;
    rows.iter().map(|row| snapshot_of(&row).ok_or_else(|| OperationError::unexpected("a row of snapshots"))).collect()
}

fn snapshot_of(row: &Row<'_>) -> Option<Snapshot> {
    let figures = || Some(Figures { sha256: row.text("sha256")?, size_bytes: row.integer("size_bytes")? });
    Some(Snapshot {
        snapshot_id: row.text("snapshot_id")?,
        stream_version: row.integer("stream_version")?,
        worker_id: row.text("worker_id")?,
        status: Status::parse(&row.text("status")?)?,
        file_id: row.text("file_id")?,
        upload_by: row.integer("upload_by")?,
        figures: figures(),
        superseded: row.flag("superseded"),
    })
}

/// The worker that had a message of the conversation last. Messages are handed out in order, so it is that of the newest one
/// that was ever handed out; looked for state by state, because that is how the index goes. A queued one counts if it came back
/// from a worker.
const LAST_HOLDER: &str = "SELECT worker_id FROM ( \
    SELECT * FROM (SELECT worker_id, seq FROM messages WHERE conversation_id = ?1 AND status = 'processing' ORDER BY seq DESC LIMIT 1) \
    UNION ALL SELECT * FROM (SELECT iif(deliveries > 0, worker_id, NULL), seq FROM messages \
      WHERE conversation_id = ?1 AND status = 'queued' ORDER BY seq LIMIT 1) \
    UNION ALL SELECT * FROM (SELECT worker_id, seq FROM messages WHERE conversation_id = ?1 AND status = 'done' ORDER BY seq DESC LIMIT 1) \
    UNION ALL SELECT * FROM (SELECT worker_id, seq FROM messages WHERE conversation_id = ?1 AND status = 'dead_letter' ORDER BY seq DESC LIMIT 1) \
    UNION ALL SELECT * FROM (SELECT worker_id, seq FROM messages WHERE conversation_id = ?1 AND status = 'cancelled' ORDER BY seq DESC LIMIT 1) \
    UNION ALL SELECT * FROM (SELECT worker_id, seq FROM messages WHERE conversation_id = ?1 AND status = 'discarded' ORDER BY seq DESC LIMIT 1)) \
    WHERE worker_id IS NOT NULL ORDER BY seq DESC LIMIT 1";

/// What connects a worker with a conversation.
pub(super) async fn assignment<E: Engine>(
    cx: &Cx<'_, E>,
    worker: &Worker,
    conversation_id: &str,
) -> Result<Assignment, OperationError> {
    let sql = format!(
        "SELECT c.agent_key, ({LAST_HOLDER}) AS last_holder, r.snapshot_id, r.fetched_at, \
         (SELECT wanted_for FROM workers WHERE worker_id = ?2) AS wanted_for, \
         (SELECT count(*) FROM snapshots s WHERE s.worker_id = ?2 AND s.status = 'uploading') AS uploads \
         FROM conversations c LEFT JOIN restores r ON r.worker_id = ?2 AND r.conversation_id = c.conversation_id \
         WHERE c.conversation_id = ?1"
    );
    let rows = cx.sql(&sql, &[conversation_id.into(), (&worker.worker_id).into()]).await?;
    let Some(row) = rows.first() else { return Ok(Assignment::default()) };
    let wanted_for = row.text("wanted_for");
    let keeps_to = worker.conversation_id.as_ref().or(wanted_for.as_ref());
    // A worker of somebody's own is told by him what it is for, and could claim any conversation as its first.
    let is_free = keeps_to.is_none() && worker.provider == "external";
    Ok(Assignment {
        agent_key: row.text("agent_key"),
        is_last_holder: row.text("last_holder").as_ref() == Some(&worker.worker_id),
        may_work_for: is_free || keeps_to.is_some_and(|kept| kept == conversation_id),
        offered: row.text("snapshot_id"),
        fetched: row.integer("fetched_at").is_some(),
        uploads: row.integer("uploads").unwrap_or(0),
    })
}

/// The refusal for a command that names no conversation.
pub(super) fn check_conversation(conversation_id: &str) -> Result<(), Refusal> {
    clawstead_domain::text::check_id("conversation_id", conversation_id)
}
