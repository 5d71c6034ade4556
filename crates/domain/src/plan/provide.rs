//! Bringing a worker that was asked for to its volume and machine.

use super::{Action, Sighting, View, Worker};
use crate::worker::State;

/// What a worker that takes work still lacks. What exists is adopted; what is confirmed absent is made.
pub(super) fn steps(view: &View<'_>, worker: &Worker) -> Vec<Action> {
    if !worker.is_ours || worker.machine_id.is_some() {
        return Vec::new();
    }
    let mut actions: Vec<Action> = volume(view, worker).into_iter().collect();
    match view.machine_of(worker) {
        Sighting::Unknown => return Vec::new(),
        Sighting::Seen(machine) => actions.push(adopt(worker, &machine.machine_id)),
        // One that has called has a machine, so the listing is behind; and it must not get a second.
        Sighting::Absent if worker.state == State::Requested => {
            actions.push(Action::Provision { worker_id: worker.worker_id.clone() });
        }
        Sighting::Absent => {}
    }
    actions
}

/// The adoption of a volume whose creation was never answered.
fn volume(view: &View<'_>, worker: &Worker) -> Option<Action> {
    if worker.volume_id.is_some() {
        return None;
    }
    let is_its = |volume: &&super::Volume| volume.worker_id.as_deref() == Some(&worker.worker_id) && !volume.is_leaving;
    let volume = view.listing_of(worker)?.volumes.iter().find(is_its)?;
    Some(Action::AdoptVolume { worker_id: worker.worker_id.clone(), volume_id: volume.volume_id.clone() })
}

pub(super) fn adopt(worker: &Worker, machine_id: &str) -> Action {
    Action::AdoptMachine { worker_id: worker.worker_id.clone(), machine_id: machine_id.to_owned() }
}
