//! Snapshots for reading.

use clawstead_domain::Refusal;
use clawstead_ledger::{Engine, Row};
use serde::Serialize;

use super::facts;
use crate::workers::Worker;
use crate::{Cx, OperationError, bindings};

/// The workspace of workers when nobody names another.
const WORKSPACE: &str = "default";

/// A snapshot, without a way to its bytes: they hold keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are those of the view, explained in its SQL file")]
pub struct SnapshotView {
    pub snapshot_id: String,
    pub conversation_id: String,
    pub agent_key: String,
    pub workspace_id: String,
    pub worker_id: String,
    pub reason: String,
    pub status: String,
    pub restorable: bool,
    pub superseded: bool,
    pub based_on: Option<String>,
    pub sha256: Option<String>,
    pub size_bytes: Option<i64>,
    pub error: Option<String>,
    pub created_at: i64,
    pub upload_by: i64,
    pub completed_at: Option<i64>,
    /// Its place in the log; pages go by it.
    pub position: i64,
}

const COLUMNS: &str = "snapshot_id, conversation_id, agent_key, workspace_id, worker_id, reason, status, restorable, superseded, \
    based_on, sha256, size_bytes, error, created_at, upload_by, completed_at, position FROM snapshots";

/// Snapshots of a conversation, newest first, those before a position.
///
/// # Errors
/// When the database does not answer.
pub async fn list<E: Engine>(
    cx: &Cx<'_, E>,
    conversation_id: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<SnapshotView>, OperationError> {
    let sql = format!("SELECT {COLUMNS} WHERE conversation_id = ?1 AND position < ?2 ORDER BY position DESC LIMIT ?3");
    let rows = cx.sql(&sql, &[conversation_id.into(), before.into(), limit.into()]).await?;
    Ok(rows.iter().filter_map(|row| SnapshotView::of(&row)).collect())
}

/// Snapshots of the conversation of a user and an agent, newest first: those of the workspace that workers have when nobody names
/// another. None where the user is not bound to the agent now.
///
/// # Errors
/// When the database does not answer.
pub async fn list_of_user_agent<E: Engine>(
    cx: &Cx<'_, E>,
    consumer_user_id: &str,
    agent_key: &str,
    limit: i64,
) -> Result<Vec<SnapshotView>, OperationError> {
    let Some(binding) = bindings::of_user(cx, consumer_user_id, agent_key).await? else {
        return Ok(Vec::new());
    };
    let sql = format!("SELECT {COLUMNS} WHERE conversation_id = ?1 AND workspace_id = ?2 ORDER BY position DESC LIMIT ?3");
    let rows = cx.sql(&sql, &[binding.conversation_id.into(), WORKSPACE.into(), limit.into()]).await?;
    Ok(rows.iter().filter_map(|row| SnapshotView::of(&row)).collect())
}

/// As [`list`], for a worker: of the conversation that it had last, or works for.
///
/// # Errors
/// When the conversation is not for this worker.
pub async fn list_for<E: Engine>(
    cx: &Cx<'_, E>,
    worker: &Worker,
    conversation_id: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<SnapshotView>, OperationError> {
    let assignment = facts::assignment(cx, worker, conversation_id).await?;
    if !assignment.is_last_holder && !assignment.may_work_for {
        let detail = "this worker does not work for this conversation";
        return Err(Refusal::conflict("conversation_not_yours", detail).into());
    }
    list(cx, conversation_id, before, limit).await
}

impl SnapshotView {
    fn of(row: &Row<'_>) -> Option<Self> {
        Some(Self {
            snapshot_id: row.text("snapshot_id")?,
            conversation_id: row.text("conversation_id")?,
            agent_key: row.text("agent_key")?,
            workspace_id: row.text("workspace_id")?,
            worker_id: row.text("worker_id")?,
            reason: row.text("reason")?,
            status: row.text("status")?,
            restorable: row.flag("restorable"),
            superseded: row.flag("superseded"),
            based_on: row.text("based_on"),
            sha256: row.text("sha256"),
            size_bytes: row.integer("size_bytes"),
            error: row.text("error"),
            created_at: row.integer("created_at")?,
            upload_by: row.integer("upload_by")?,
            completed_at: row.integer("completed_at"),
            position: row.integer("position")?,
        })
    }
}
