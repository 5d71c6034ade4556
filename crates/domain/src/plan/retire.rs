//! Which workers get no more work.

use clawstead_mutation::{Mutation, made};

use super::{Action, LISTING_LAG_MS, Phase, Sighting, View, Worker, demand};
use crate::worker::{DrainReason, State};

/// The drain of a worker that takes work, if it is time for it. An external worker is its owner's affair.
pub(super) fn drain(view: &View<'_>, worker: &Worker) -> Option<Action> {
    if !worker.is_ours || made(Mutation::DeafDrain) {
        return None;
    }
    let reason = reason(view, worker)?;
    Some(Action::Drain { worker_id: worker.worker_id.clone(), reason, deadline_at: deadline(view, worker, reason) })
}

/// A drain of a worker that can still stop by itself, or that has something to hand in, has the whole time; another waits for
/// its lease alone.
pub(super) fn deadline(view: &View<'_>, worker: &Worker, reason: DrainReason) -> i64 {
    let can_stop = match reason {
        DrainReason::Idle | DrainReason::Silent | DrainReason::Preempted | DrainReason::Operator => true,
        DrainReason::MachineLost => !worker.unsaved.is_empty() && matches!(view.machine_of(worker), Sighting::Seen(_)),
        DrainReason::NeverSeen | DrainReason::Exited | DrainReason::NoCapacity => false,
    };
    // One that has called has a machine, also when nobody was told.
    if can_stop && (worker.machine_id.is_some() || worker.seen_at.is_some()) {
        return view.now + view.scaling.drain_deadline_ms;
    }
    view.now.max(worker.lease_ends_at.unwrap_or(view.now))
}

fn reason(view: &View<'_>, worker: &Worker) -> Option<DrainReason> {
    if !view.is_wanted_app(worker.app_name.as_deref()) {
        return Some(DrainReason::Operator);
    }
    if worker.machine_id.is_some() && has_lost_its_machine(view, worker) {
        return Some(if has_ended_well(view, worker) { DrainReason::Exited } else { DrainReason::MachineLost });
    }
    match worker.state {
        State::Requested if worker.capacity_refused_at.is_some() && has_none(view, worker) => Some(DrainReason::NoCapacity),
        State::Requested if !view.is_booting(worker) => Some(DrainReason::NeverSeen),
        State::Requested if is_pointless(view, worker) => Some(DrainReason::Idle),
        State::Active if view.silence(worker) > view.silent_after_ms && !view.is_booting(worker) => Some(DrainReason::Silent),
        State::Active if is_idle(view, worker) && !demand::is_kept_warm(view, worker) => Some(DrainReason::Idle),
        _ => None,
    }
}

fn is_idle(view: &View<'_>, worker: &Worker) -> bool {
    view.idle_for(worker).is_some_and(|ms| ms >= view.scaling.idle_timeout_ms)
}

/// A worker that still calls has a machine, whatever a listing leaves out.
fn has_lost_its_machine(view: &View<'_>, worker: &Worker) -> bool {
    match view.machine_of(worker) {
        Sighting::Unknown => false,
        Sighting::Absent => view.silence(worker) >= LISTING_LAG_MS,
        Sighting::Seen(machine) => match machine.phase {
            Phase::AtRest => machine.reachable,
            Phase::Leaving | Phase::Gone => true,
            Phase::Created | Phase::Running | Phase::Stopping => false,
        },
    }
}

/// Existing workers end by themselves when they are idle, after they have handed in what they know (worker-wire.md section 2).
fn has_ended_well(view: &View<'_>, worker: &Worker) -> bool {
    let is_at_rest = matches!(view.machine_of(worker), Sighting::Seen(machine) if machine.phase == Phase::AtRest);
    is_at_rest && worker.state == State::Active && worker.unsaved.is_empty() && !view.is_busy(worker)
}

/// Whether the work it was asked for has gone elsewhere before it got a machine.
fn is_pointless(view: &View<'_>, worker: &Worker) -> bool {
    has_none(view, worker) && worker.wanted_for.is_some() && !worker.has_work
}

fn has_none(view: &View<'_>, worker: &Worker) -> bool {
    worker.machine_id.is_none() && !matches!(view.machine_of(worker), Sighting::Seen(_))
}
