//! How many workers the waiting work needs, and where their places come from.

use clawstead_mutation::{Mutation, made};

use super::{Action, Head, Machine, Phase, View, Worker, retire};
use crate::worker::{DrainReason, State};

/// A worker that ended a job less long ago keeps its place: its user may be typing.
const REST_MS: i64 = 10_000;

/// Asks for workers for conversations that nobody will take, up to the cap; at the cap, workers that rest make room.
/// `staying` are the workers that take work and are not being drained by this plan.
pub(super) fn steps(view: &View<'_>, staying: &[&Worker]) -> Vec<Action> {
    let can_be_made = view.listing(&view.provider.app_name).is_some_and(|listing| !listing.is_missing);
    if !can_be_made || !view.is_wanted_app(Some(&view.provider.app_name)) {
        return Vec::new();
    }
    let uncovered = uncovered(view, staying);
    let step = count(view.scaling.spawn_step);
    let places = count(view.scaling.machines_max).saturating_sub(taken_places(view));
    let places = if made(Mutation::OpenPurse) { step } else { places };
    let granted = uncovered.len().min(places).min(step);
    let mut actions: Vec<Action> = uncovered.iter().take(granted).map(|head| request(head)).collect();
    if places < uncovered.len().min(step) {
        let wanted = uncovered.len().min(step) - granted;
        actions.extend(make_room(view, staying, wanted));
    }
    actions
}

fn request(head: &Head) -> Action {
    Action::Request { conversation_id: head.conversation_id.clone() }
}

/// Conversations that no worker will take, best rank first. A worker keeps to one conversation, the one it has or was made
/// for (worker-wire.md section 2, step 3); one that has none takes any.
fn uncovered<'a>(view: &View<'a>, staying: &[&Worker]) -> Vec<&'a Head> {
    let live: Vec<&Worker> = staying.iter().copied().filter(|worker| view.is_live(worker)).collect();
    let mut free = live.iter().filter(|worker| worker.keeps_to().is_none() && !view.is_busy(worker)).count();
    let needs_one = |head: &&Head| {
        let is_its = |worker: &&Worker| {
            head.worker_id.as_ref() == Some(&worker.worker_id) || worker.keeps_to() == Some(&head.conversation_id)
        };
        if live.iter().any(is_its) {
            return false;
        }
        let reused = free > 0;
        free -= usize::from(reused);
        !reused
    };
    view.inventory.waiting.iter().filter(needs_one).collect()
}

/// Machines that exist or are being made, those that nobody owns included.
fn taken_places(view: &View<'_>) -> usize {
    let holders: Vec<&Worker> = view.inventory.workers.iter().filter(|worker| worker.holds_a_place()).collect();
    let is_held = |machine: &Machine| holders.iter().any(|worker| worker.owns(machine));
    let machines = view.inventory.listings.iter().flat_map(|listing| &listing.machines);
    let ours = machines.filter(|machine| machine.phase != Phase::Gone && machine.worker_id.is_some());
    let strays = ours.filter(|machine| !is_held(machine));
    holders.len() + strays.count()
}

/// Drains workers that have rested longest, as many as are wanted beyond those that are leaving anyway.
fn make_room(view: &View<'_>, staying: &[&Worker], wanted: usize) -> Vec<Action> {
    let leaving = view.inventory.workers.iter().filter(|worker| worker.holds_a_place()).count()
        - staying.iter().filter(|worker| worker.holds_a_place()).count();
    let rest = |worker: &&&Worker| view.idle_for(worker).filter(|_| worker.is_ours && worker.state == State::Active);
    let mut resting: Vec<(i64, &Worker)> =
        staying.iter().filter_map(|worker| Some((rest(&worker)?, *worker))).filter(|(ms, _)| *ms >= REST_MS).collect();
    resting.sort_by_key(|(ms, _)| std::cmp::Reverse(*ms));
    let drain = |worker: &Worker| Action::Drain {
        worker_id: worker.worker_id.clone(),
        reason: DrainReason::Preempted,
        deadline_at: retire::deadline(view, worker, DrainReason::Preempted),
    };
    resting.into_iter().take(wanted.saturating_sub(leaving)).map(|(_, worker)| drain(worker)).collect()
}

fn count(policy: i64) -> usize {
    usize::try_from(policy).unwrap_or(0)
}

impl Worker {
    fn keeps_to(&self) -> Option<&String> {
        self.conversation_id.as_ref().or(self.wanted_for.as_ref())
    }
}
