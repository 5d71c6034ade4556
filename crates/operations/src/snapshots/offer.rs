//! What a worker starts from.

use clawstead_domain::Refusal;
use clawstead_domain::config::RetentionPolicy;
use clawstead_domain::snapshot::{self, SnapshotEvent};
use clawstead_ledger::{Engine, Expected, Row};

use super::facts;
use crate::files::{self, Links};
use crate::workers::Worker;
use crate::{Cx, OperationError, configs, decide};

/// A snapshot to start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Which one.
    pub snapshot_id: String,
    /// Where its bytes are, for one GET at a time.
    pub download_url: String,
    /// SHA-256 of the bytes, hex.
    pub sha256: String,
    /// Their number.
    pub size_bytes: i64,
    /// When it was made.
    pub created_at: i64,
}

/// Offers the newest good snapshot of a conversation, whatever its age and whatever came to nothing after it. That it was
/// offered is an event: what this worker uploads later counts only if it has fetched the whole of it.
///
/// # Errors
/// When the conversation is not for this worker.
pub async fn latest<E: Engine>(
    cx: &Cx<'_, E>,
    links: &Links<'_>,
    worker: &Worker,
    of: (&str, &str, &str),
) -> Result<Option<Offer>, OperationError> {
    let (workspace_id, agent_key, conversation_id) = of;
    facts::check_conversation(conversation_id)?;
    let assignment = facts::assignment(cx, worker, conversation_id).await?;
    if assignment.agent_key.is_none() {
        return Ok(None);
    }
    let event = snapshot::offer(&worker.worker_id, conversation_id, agent_key, &assignment)?;
    let policy: RetentionPolicy = configs::load(cx).await?.get()?;
    decide(async || {
        let sql = "SELECT s.snapshot_id, s.stream_version, s.file_id, s.sha256, s.size_bytes, s.created_at FROM snapshots s \
                   WHERE s.conversation_id = ?1 AND s.workspace_id = ?2 AND s.status = 'ready' AND s.restorable = 1 \
                   ORDER BY s.position DESC LIMIT 1";
        let rows = cx.sql(sql, &[conversation_id.into(), workspace_id.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let newest = Newest::of(&row).ok_or_else(|| OperationError::unexpected("a row of snapshots"))?;
        cx.append(&newest.snapshot_id, Expected::Version(newest.stream_version), std::slice::from_ref(&event)).await?;
        let file = files::stored(cx, &newest.file_id).await?;
        let file = file.ok_or_else(|| OperationError::unexpected("a good snapshot without its bytes"))?;
        Ok(Some(Offer {
            snapshot_id: newest.snapshot_id,
            download_url: links.download(&file, &worker.worker_id, cx.now + policy.link_ms, cx.now),
            sha256: newest.sha256,
            size_bytes: newest.size_bytes,
            created_at: newest.created_at,
        }))
    })
    .await
}

/// A worker of our own says that it has fetched the whole of a snapshot that it was offered: nobody else can know, when the
/// bytes do not come through us. It proves it with what only the bytes tell. Saying it again succeeds.
///
/// # Errors
/// When it was not offered that one, or has something else.
pub async fn say_fetched<E: Engine>(
    cx: &Cx<'_, E>,
    worker: &Worker,
    snapshot_id: &str,
    sha256: &str,
) -> Result<(), OperationError> {
    let sql = "SELECT s.sha256 FROM restores r JOIN snapshots s ON s.snapshot_id = r.snapshot_id \
               WHERE r.worker_id = ?1 AND r.snapshot_id = ?2";
    let rows = cx.sql(sql, &[(&worker.worker_id).into(), snapshot_id.into()]).await?;
    let Some(offered) = rows.first().and_then(|row| row.text("sha256")) else { return Err(snapshot::not_found().into()) };
    if !offered.eq_ignore_ascii_case(sha256) {
        return Err(Refusal::invalid("sha256", "is not that of the snapshot").into());
    }
    fetched(cx, &worker.worker_id, snapshot_id).await
}

/// Notes that a worker has fetched the whole of a snapshot that it was offered.
///
/// # Errors
/// When the database does not do it.
pub async fn fetched<E: Engine>(cx: &Cx<'_, E>, worker_id: &str, snapshot_id: &str) -> Result<(), OperationError> {
    let sql = "SELECT conversation_id FROM restores WHERE worker_id = ?1 AND snapshot_id = ?2 AND fetched_at IS NULL";
    let rows = cx.sql(sql, &[worker_id.into(), snapshot_id.into()]).await?;
    let Some(conversation_id) = rows.first().and_then(|row| row.text("conversation_id")) else {
        return Ok(());
    };
    let event = SnapshotEvent::SnapshotFetched { worker_id: worker_id.to_owned(), conversation_id };
    cx.append(snapshot_id, Expected::Any, &[event]).await
}

struct Newest {
    snapshot_id: String,
    stream_version: i64,
    file_id: String,
    sha256: String,
    size_bytes: i64,
    created_at: i64,
}

impl Newest {
    fn of(row: &Row<'_>) -> Option<Self> {
        Some(Self {
            snapshot_id: row.text("snapshot_id")?,
            stream_version: row.integer("stream_version")?,
            file_id: row.text("file_id")?,
            sha256: row.text("sha256")?,
            size_bytes: row.integer("size_bytes")?,
            created_at: row.integer("created_at")?,
        })
    }
}
