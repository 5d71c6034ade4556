//! What a worker knows and has not handed in: nobody takes up its conversation before it did, or before its time is up.
//!
//! A worker hands in by a snapshot that it begins after its last job (design.md section 4, SnapshotReady). A machine that
//! stopped before is started once more. What still is not handed in by the deadline stays on the volume, which is kept.

use super::{Action, LISTING_LAG_MS, Machine, Phase, Sighting, View, Worker, provide};
use crate::worker::State;

/// The provider's copy of a volume is tried for so long. It is the second line: the volume itself is kept.
const COPY_LIMIT_MS: i64 = 300_000;

/// What is done before a worker's machine may go; `None` when there is nothing to wait for.
pub(super) fn steps(view: &View<'_>, worker: &Worker, time_is_up: bool) -> Option<Vec<Action>> {
    if worker.state != State::Draining || worker.unsaved.is_empty() || worker.abandoned_at.is_some() {
        return None;
    }
    let next = match view.machine_of(worker) {
        Sighting::Unknown => None,
        Sighting::Seen(machine) if worker.machine_id.is_none() => Some(provide::adopt(worker, &machine.machine_id)),
        // It has called, so it has a machine, whatever this listing leaves out.
        Sighting::Absent if worker.machine_id.is_none() && !time_is_up => None,
        Sighting::Absent => Some(abandon(view, worker)),
        Sighting::Seen(_) if time_is_up => Some(abandon(view, worker)),
        Sighting::Seen(machine) => match machine.phase {
            Phase::AtRest if machine.reachable => restart(view, worker, machine),
            Phase::Leaving | Phase::Gone => Some(abandon(view, worker)),
            Phase::AtRest | Phase::Created | Phase::Running | Phase::Stopping => None,
        },
    };
    Some(next.into_iter().collect())
}

/// A copy of the volume of a worker that was abandoned, before its machine is touched.
pub(super) fn copy_of_volume(view: &View<'_>, worker: &Worker) -> Option<Action> {
    let is_due = |at: i64| worker.volume_snapshot_at.is_none() && view.now - at < COPY_LIMIT_MS;
    worker.abandoned_at.filter(|at| is_due(*at))?;
    let volume_id = worker.volume_id.clone()?;
    Some(Action::SnapshotVolume { worker_id: worker.worker_id.clone(), volume_id })
}

/// Whether one of those that are leaving still has to hand in what it knows of a conversation.
pub(super) fn is_under_way(view: &View<'_>, staying: &[&Worker], conversation_id: &String) -> bool {
    let stays = |worker: &Worker| staying.iter().any(|other| other.worker_id == worker.worker_id);
    let hands_over = |worker: &&Worker| {
        let may_still = worker.state != State::Stopping && worker.abandoned_at.is_none();
        may_still && !stays(worker) && worker.unsaved.contains(conversation_id)
    };
    view.inventory.workers.iter().any(|worker| hands_over(&worker))
}

/// Once: a worker that stops again is not saved by a third start.
fn restart(view: &View<'_>, worker: &Worker, machine: &Machine) -> Option<Action> {
    match worker.restarted_at {
        None => Some(Action::RestartMachine { worker_id: worker.worker_id.clone(), machine_id: machine.machine_id.clone() }),
        Some(at) if view.now - at < LISTING_LAG_MS => None,
        Some(_) => Some(abandon(view, worker)),
    }
}

fn abandon(view: &View<'_>, worker: &Worker) -> Action {
    Action::Abandon { worker_id: worker.worker_id.clone(), keep_until: view.now + view.scaling.salvage_ms }
}
