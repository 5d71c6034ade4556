//! What the apps hold that belongs to no worker: machines and volumes of others, and those of ours that lost their owner.

use serde::Serialize;

use super::{Listing, Machine, Phase, Volume, Worker};
use crate::cleanup::Thing;

/// So old must something of ours without an owner be: the row comes before the call, so this only covers a log that lags behind.
const GRACE_MS: i64 = 300_000;

/// A volume that no worker of the log accounts for waits longer: it may hold the last copy of somebody's work.
const UNKNOWN_VOLUME_GRACE_MS: i64 = 86_400_000;

/// A machine or a volume that belongs to no worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unowned {
    /// The app that holds it.
    pub app: String,
    /// What it is.
    pub thing: Thing,
    /// The provider's id.
    pub id: String,
    /// Whether it carries the tag of this deployment. What does not is never touched.
    pub is_ours: bool,
    /// When it was made, as far as the provider tells.
    pub created_at: Option<i64>,
    /// It is removed then, unless an owner is found; never, if absent.
    pub removed_from: Option<i64>,
}

/// Everything that belongs to no worker, app by app.
pub fn unowned(workers: &[Worker], listings: &[Listing]) -> Vec<Unowned> {
    listings.iter().flat_map(|listing| of_app(workers, listing)).collect()
}

fn of_app(workers: &[Worker], listing: &Listing) -> Vec<Unowned> {
    let machines = listing.machines.iter().filter_map(|machine| of_machine(workers, &listing.app, machine));
    let volumes = listing.volumes.iter().filter_map(|volume| of_volume(workers, &listing.app, volume));
    machines.chain(volumes).collect()
}

fn of_machine(workers: &[Worker], app: &str, machine: &Machine) -> Option<Unowned> {
    if machine.phase == Phase::Gone || workers.iter().any(|worker| worker.owns(machine)) {
        return None;
    }
    let is_ours = machine.worker_id.is_some();
    let goes = is_ours && machine.phase != Phase::Leaving;
    Some(Unowned {
        app: app.to_owned(),
        thing: Thing::Machine,
        id: machine.machine_id.clone(),
        is_ours,
        created_at: machine.created_at,
        removed_from: machine.created_at.filter(|_| goes).map(|at| at + GRACE_MS),
    })
}

fn of_volume(workers: &[Worker], app: &str, volume: &Volume) -> Option<Unowned> {
    let owner = workers.iter().find(|worker| {
        worker.volume_id.as_ref() == Some(&volume.volume_id) || volume.worker_id.as_ref() == Some(&worker.worker_id)
    });
    let grace = match owner {
        None => UNKNOWN_VOLUME_GRACE_MS,
        // Teardown takes all volumes of a worker; before, this one is a double, made by a call whose answer was lost.
        Some(worker) if worker.volume_id.as_ref().is_none_or(|id| *id == volume.volume_id) => return None,
        Some(worker) if worker.machine_gone_at.is_some() => return None,
        Some(_) => GRACE_MS,
    };
    let goes = volume.is_tagged && !volume.is_attached && !volume.is_leaving;
    Some(Unowned {
        app: app.to_owned(),
        thing: Thing::Volume,
        id: volume.volume_id.clone(),
        is_ours: volume.is_tagged,
        created_at: volume.created_at,
        removed_from: volume.created_at.filter(|_| goes).map(|at| at + grace),
    })
}
