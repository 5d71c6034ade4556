//! How many workers the waiting work needs, and where their places come from.

use clawstead_mutation::{Mutation, made};

use super::setback::{self, Place, Trust};
use super::{Action, Head, Machine, Phase, View, Worker, handover, retire};
use crate::worker::{DrainReason, State};

/// A worker that ended a job less long ago keeps its place: its user may be typing.
const REST_MS: i64 = 10_000;

/// Gives conversations to workers that wait for one, and asks for workers for those that nobody will take, up to the cap; at
/// the cap, workers that rest make room. `staying` are the workers that take work and are not being drained by this plan.
pub(super) fn steps(view: &View<'_>, staying: &[&Worker]) -> Vec<Action> {
    let Coverage { assignments, uncovered, spare } = coverage(view, staying);
    let urgent = urgent(view, &uncovered);
    let warm = count(view.scaling.warm_workers).saturating_sub(spare);
    let is_free = |worker: &&Worker| assignments.iter().all(|action| action.subject() != worker.worker_id);
    let free: Vec<&Worker> = staying.iter().copied().filter(is_free).collect();
    let mut actions = assignments;
    let can_be_made = view.listing(&view.provider.app_name).is_some_and(|listing| !listing.is_missing);
    if !can_be_made || !view.is_wanted_app(Some(&view.provider.app_name)) || urgent.len() + warm == 0 {
        return actions;
    }
    let Some(Place { region, is_in_doubt }) = setback::place(view) else {
        return actions;
    };
    let step = if is_in_doubt { 1 } else { count(view.scaling.spawn_step) };
    let step = match setback::trust(view) {
        Trust::Full => step,
        Trust::Only(most) => step.min(most),
        Trust::Held(hold) => {
            actions.push(hold);
            return actions;
        }
    };
    let places = count(view.scaling.machines_max).saturating_sub(taken_places(view));
    let places = if made(Mutation::OpenPurse) { step } else { places };
    let wanted = urgent.iter().cloned().chain(std::iter::repeat_n(None, warm));
    actions.extend(wanted.take(places.min(step)).map(|conversation_id| request(conversation_id, region)));
    let without_a_place = urgent.len().min(step).saturating_sub(places);
    actions.extend(make_room(view, staying, &free, without_a_place));
    actions
}

/// Whether a worker belongs to those that wait for new conversations: then its having nothing to do is what it is for.
pub(super) fn is_kept_warm(view: &View<'_>, worker: &Worker) -> bool {
    let spares = view.inventory.workers.iter().filter(|other| is_spare(view, other));
    spares.take(count(view.scaling.warm_workers)).any(|other| other.worker_id == worker.worker_id)
}

fn is_spare(view: &View<'_>, worker: &Worker) -> bool {
    worker.is_ours && worker.state.takes_work() && worker.keeps_to().is_none() && !view.is_busy(worker) && !worker.has_work
}

fn request(conversation_id: Option<String>, region: &str) -> Action {
    Action::Request { conversation_id, region: region.to_owned() }
}

/// Who takes what waits.
struct Coverage<'a> {
    /// New conversations for workers that wait for one.
    assignments: Vec<Action>,
    /// Conversations that no worker will take, best rank first.
    uncovered: Vec<&'a Head>,
    /// So many workers have still nothing to do.
    spare: usize,
}

/// A worker keeps to one conversation, the one it has or was made for (worker-wire.md section 2, step 3), unless the operator
/// says that its image takes any. A conversation whose last worker is still handing in what it knows waits: a successor that
/// starts without it would make two histories of one.
fn coverage<'a>(view: &View<'a>, staying: &[&Worker]) -> Coverage<'a> {
    let live: Vec<&Worker> = staying.iter().copied().filter(|worker| view.is_live(worker)).collect();
    let (takers, mut waiting) = unbound(view, &live);
    let offered: usize = takers.iter().map(|worker| count(worker.conversations_max - i64::from(view.is_busy(worker)))).sum();
    let mut free = offered;
    let mut coverage = Coverage { assignments: Vec::new(), uncovered: Vec::new(), spare: 0 };
    for head in &view.inventory.waiting {
        let is_its = |worker: &&Worker| {
            head.worker_id.as_ref() == Some(&worker.worker_id) || worker.keeps_to() == Some(&head.conversation_id)
        };
        if live.iter().any(is_its) || handover::is_under_way(view, staying, &head.conversation_id) {
            continue;
        }
        if free > 0 {
            free -= 1;
        } else if let Some(worker) = waiting.pop_if(|_| !head.has_memory) {
            coverage
                .assignments
                .push(Action::Assign { worker_id: worker.worker_id.clone(), conversation_id: head.conversation_id.clone() });
        } else {
            coverage.uncovered.push(head);
        }
    }
    let idle_takers = takers.iter().filter(|worker| worker.is_ours && !view.is_busy(worker)).count();
    coverage.spare = waiting.len() + idle_takers.saturating_sub(offered - free);
    coverage
}

/// Workers that claim whatever waits, and workers that wait to be given a conversation; of these, the one that waits longest
/// comes last.
fn unbound<'a>(view: &View<'_>, live: &[&'a Worker]) -> (Vec<&'a Worker>, Vec<&'a Worker>) {
    let unbound = live.iter().copied().filter(|worker| worker.keeps_to().is_none());
    let (takers, mut waiting): (Vec<_>, Vec<_>) = unbound.partition(|worker| !worker.is_ours || worker.conversations_max > 1);
    waiting.retain(|worker| !view.is_busy(worker));
    waiting.reverse();
    (takers, waiting)
}

/// The workers that are missing, the most urgent first: each for its conversation, or for so many of whatever waits.
fn urgent(view: &View<'_>, uncovered: &[&Head]) -> Vec<Option<String>> {
    match count(view.scaling.conversations_per_worker) {
        0 | 1 => uncovered.iter().map(|head| Some(head.conversation_id.clone())).collect(),
        each => vec![None; uncovered.len().div_ceil(each)],
    }
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

/// Drains workers that have rested longest, as many as are wanted beyond those that are leaving anyway. `free` are those that
/// stay and have just been given nothing.
fn make_room(view: &View<'_>, staying: &[&Worker], free: &[&Worker], wanted: usize) -> Vec<Action> {
    let leaving = view.inventory.workers.iter().filter(|worker| worker.holds_a_place()).count()
        - staying.iter().filter(|worker| worker.holds_a_place()).count();
    let rest = |worker: &&&Worker| view.idle_for(worker).filter(|_| worker.is_ours && worker.state == State::Active);
    let mut resting: Vec<(i64, &Worker)> =
        free.iter().filter_map(|worker| Some((rest(&worker)?, *worker))).filter(|(ms, _)| *ms >= REST_MS).collect();
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
        self.conversation_id.as_ref().or(self.wanted_for.as_ref()).filter(|_| self.conversations_max == 1)
    }
}
