//! What the log knows of one worker this very moment, and adding to it.

use clawstead_domain::worker::{State, WorkerEvent};
use clawstead_ledger::{Engine, Expected, Row};

use crate::{Cx, OperationError, decide};

/// The row of a worker, as far as actions need it.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) worker_id: String,
    pub(super) stream_version: i64,
    pub(super) state: State,
    pub(super) provider: String,
    pub(super) app_name: Option<String>,
    pub(super) region: Option<String>,
    pub(super) volume_id: Option<String>,
    pub(super) machine_id: Option<String>,
    pub(super) wanted_for: Option<String>,
    pub(super) has_unsaved_work: bool,
    pub(super) capacity_refused_at: Option<i64>,
    pub(super) abandoned_at: Option<i64>,
    pub(super) volume_snapshot_at: Option<i64>,
    pub(super) machine_gone_at: Option<i64>,
    pub(super) volume_gone_at: Option<i64>,
}

impl Known {
    pub(super) async fn read<E: Engine>(cx: &Cx<'_, E>, worker_id: &str) -> Result<Self, OperationError> {
        let sql = "SELECT worker_id, stream_version, state, provider, app_name, region, volume_id, machine_id, wanted_for, \
                   capacity_refused_at, abandoned_at, volume_snapshot_at, machine_gone_at, volume_gone_at, \
                   EXISTS (SELECT 1 FROM unsaved_work u WHERE u.worker_id = w.worker_id) AS has_unsaved_work \
                   FROM workers w WHERE worker_id = ?1";
        let rows = cx.sql(sql, &[worker_id.into()]).await?;
        rows.first().and_then(|row| known_of(&row)).ok_or_else(|| OperationError::unexpected("a row of workers"))
    }

    /// Name of the app that holds its machine.
    pub(super) fn app(&self) -> Result<&str, OperationError> {
        self.app_name.as_deref().ok_or_else(|| OperationError::unexpected("a worker with a machine and without an app"))
    }

    /// Where its volume and machine are.
    pub(super) fn region(&self) -> Result<&str, OperationError> {
        self.region.as_deref().ok_or_else(|| OperationError::unexpected("a worker with a machine and without a region"))
    }
}

/// Records what `decide_event` makes of the worker as it is now; nothing when it is further on already.
pub(super) async fn note<E: Engine>(
    cx: &Cx<'_, E>,
    worker_id: &str,
    decide_event: impl Fn(&Known) -> Option<WorkerEvent>,
) -> Result<(), OperationError> {
    decide(async || {
        let known = Known::read(cx, worker_id).await?;
        let Some(event) = decide_event(&known) else {
            return Ok(());
        };
        cx.append(worker_id, Expected::Version(known.stream_version), &[event]).await
    })
    .await
}

fn known_of(row: &Row<'_>) -> Option<Known> {
    Some(Known {
        worker_id: row.text("worker_id")?,
        stream_version: row.integer("stream_version")?,
        state: State::parse(&row.text("state")?)?,
        provider: row.text("provider")?,
        app_name: row.text("app_name"),
        region: row.text("region"),
        volume_id: row.text("volume_id"),
        machine_id: row.text("machine_id"),
        wanted_for: row.text("wanted_for"),
        has_unsaved_work: row.flag("has_unsaved_work"),
        capacity_refused_at: row.integer("capacity_refused_at"),
        abandoned_at: row.integer("abandoned_at"),
        volume_snapshot_at: row.integer("volume_snapshot_at"),
        machine_gone_at: row.integer("machine_gone_at"),
        volume_gone_at: row.integer("volume_gone_at"),
    })
}
