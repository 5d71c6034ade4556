//! What carries our tag and belongs to no worker. What does not carry it is never touched.

use super::{Action, Listing, Machine, Phase, View, Volume};

/// So old must something without an owner be: the row comes before the call, so this only covers a log that lags behind.
const GRACE_MS: i64 = 300_000;

/// A volume that no worker of the log accounts for waits longer: it may hold the last copy of somebody's work.
const UNKNOWN_VOLUME_GRACE_MS: i64 = 86_400_000;

/// Deletes machines and volumes without an owner.
pub(super) fn steps(view: &View<'_>) -> Vec<Action> {
    view.inventory.listings.iter().flat_map(|listing| of_app(view, listing)).collect()
}

fn of_app(view: &View<'_>, listing: &Listing) -> Vec<Action> {
    let machines = listing
        .machines
        .iter()
        .filter(|machine| is_orphan_machine(view, machine))
        .map(|machine| Action::DeleteOrphanMachine { app: listing.app.clone(), machine_id: machine.machine_id.clone() });
    let volumes = listing
        .volumes
        .iter()
        .filter(|volume| is_orphan_volume(view, volume))
        .map(|volume| Action::DeleteOrphanVolume { app: listing.app.clone(), volume_id: volume.volume_id.clone() });
    machines.chain(volumes).collect()
}

fn is_orphan_machine(view: &View<'_>, machine: &Machine) -> bool {
    if machine.worker_id.is_none() || matches!(machine.phase, Phase::Leaving | Phase::Gone) {
        return false;
    }
    let is_owned = view.inventory.workers.iter().any(|worker| worker.owns(machine));
    !is_owned && is_older(view, machine.created_at, GRACE_MS)
}

fn is_orphan_volume(view: &View<'_>, volume: &Volume) -> bool {
    if !volume.is_tagged || volume.is_attached || volume.is_leaving {
        return false;
    }
    let owner = view.inventory.workers.iter().find(|worker| {
        worker.volume_id.as_ref() == Some(&volume.volume_id) || volume.worker_id.as_ref() == Some(&worker.worker_id)
    });
    match owner {
        None => is_older(view, volume.created_at, UNKNOWN_VOLUME_GRACE_MS),
        // Teardown takes all volumes of a worker; before, this one is a double, made by a call whose answer was lost.
        Some(worker) => {
            let has_another = worker.volume_id.as_ref().is_some_and(|id| *id != volume.volume_id);
            has_another && worker.machine_gone_at.is_none() && is_older(view, volume.created_at, GRACE_MS)
        }
    }
}

fn is_older(view: &View<'_>, created_at: Option<i64>, age_ms: i64) -> bool {
    created_at.is_some_and(|at| view.now - at >= age_ms)
}
