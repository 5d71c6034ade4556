//! Taking a worker down: it stops, its machine goes, then its volume, then nothing is left.

use clawstead_mutation::{Mutation, made};

use super::{Action, Listing, Machine, Phase, Sighting, View, Worker, handover, provide};
use crate::worker::State;

/// A machine has at most 300 s to stop (outside-contracts.md); one that takes longer is deleted as it is.
const STOP_LIMIT_MS: i64 = 360_000;

/// The next steps of a worker that takes no more work.
pub(super) fn steps(view: &View<'_>, worker: &Worker) -> Vec<Action> {
    let time_is_up = worker.state == State::Stopping || worker.drain_deadline_at.is_none_or(|at| at <= view.now);
    if view.is_busy(worker) && !time_is_up {
        return Vec::new();
    }
    if !worker.is_ours {
        return if time_is_up { vec![finish(worker)] } else { Vec::new() };
    }
    if worker.machine_gone_at.is_none() {
        return handover::steps(view, worker, time_is_up).unwrap_or_else(|| {
            let copy = handover::copy_of_volume(view, worker);
            copy.into_iter().chain(machine(view, worker, time_is_up)).collect()
        });
    }
    match view.listing_of(worker) {
        Some(listing) => volume(view, worker, listing),
        None => Vec::new(),
    }
}

fn machine(view: &View<'_>, worker: &Worker, time_is_up: bool) -> Option<Action> {
    match view.machine_of(worker) {
        Sighting::Unknown => None,
        Sighting::Absent => Some(confirm_gone(worker)),
        Sighting::Seen(machine) if worker.machine_id.is_none() => Some(provide::adopt(worker, &machine.machine_id)),
        Sighting::Seen(machine) => listed_machine(view, worker, machine, time_is_up),
    }
}

fn listed_machine(view: &View<'_>, worker: &Worker, machine: &Machine, time_is_up: bool) -> Option<Action> {
    let is_stuck = worker.teardown_at.is_some_and(|at| view.now - at >= STOP_LIMIT_MS);
    match machine.phase {
        Phase::Gone => Some(confirm_gone(worker)),
        Phase::Created | Phase::AtRest => Some(delete(worker, machine, is_stuck)),
        Phase::Running | Phase::Stopping | Phase::Leaving if is_stuck => Some(delete(worker, machine, true)),
        Phase::Running if time_is_up => Some(Action::StopMachine {
            worker_id: worker.worker_id.clone(),
            machine_id: machine.machine_id.clone(),
            at_once: worker.abandoned_at.is_some(),
        }),
        Phase::Running | Phase::Stopping | Phase::Leaving => None,
    }
}

/// All volumes that were made for the worker, also one that nobody was told of.
fn volume(view: &View<'_>, worker: &Worker, listing: &Listing) -> Vec<Action> {
    let worker_id = &worker.worker_id;
    let is_its = |volume: &&super::Volume| {
        worker.volume_id.as_ref() == Some(&volume.volume_id) || volume.worker_id.as_ref() == Some(worker_id)
    };
    let left: Vec<Action> = listing
        .volumes
        .iter()
        .filter(|volume| !volume.is_leaving)
        .filter(is_its)
        .map(|volume| Action::DeleteVolume { worker_id: worker_id.clone(), volume_id: volume.volume_id.clone() })
        .collect();
    if !left.is_empty() && !made(Mutation::LeftVolume) {
        let is_kept = worker.volume_keep_until.is_some_and(|at| at > view.now);
        return if is_kept { Vec::new() } else { left };
    }
    if worker.volume_gone_at.is_none() && !made(Mutation::LeftVolume) {
        return vec![Action::ConfirmVolumeGone { worker_id: worker_id.clone(), volume_id: worker.volume_id.clone() }];
    }
    vec![finish(worker)]
}

fn confirm_gone(worker: &Worker) -> Action {
    Action::ConfirmMachineGone { worker_id: worker.worker_id.clone(), machine_id: worker.machine_id.clone() }
}

fn delete(worker: &Worker, machine: &Machine, force: bool) -> Action {
    Action::DeleteMachine { worker_id: worker.worker_id.clone(), machine_id: machine.machine_id.clone(), force }
}

fn finish(worker: &Worker) -> Action {
    Action::Finish { worker_id: worker.worker_id.clone() }
}
