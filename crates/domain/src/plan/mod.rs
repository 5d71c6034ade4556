//! What the reconciler does next: an inventory goes in, actions come out (design.md section 8).
//!
//! A plan moves each worker by about one step; the next tick looks again and moves on. So nothing here has to foresee how a
//! step ends, and a crash between any two of them leaves nothing that the next plan does not see.

mod action;
mod demand;
mod handover;
mod inventory;
mod orphans;
mod provide;
mod retire;
mod setback;
mod signs;
mod teardown;
mod unowned;

pub use action::Action;
pub use inventory::{Head, Inventory, Listing, Machine, Phase, Volume, Worker};
pub use setback::Setback;
pub use unowned::{Unowned, unowned};

use crate::config::{ProviderPolicy, ScalingPolicy};
use crate::worker::State;

/// A machine that was just made may be missing from a listing for so long.
const LISTING_LAG_MS: i64 = 30_000;

/// Decides what to do next. The order is that of the workers, then what new work needs, then what nobody owns.
pub fn plan(
    inventory: &Inventory,
    scaling: &ScalingPolicy,
    provider: &ProviderPolicy,
    silent_after_ms: i64,
    now: i64,
) -> Vec<Action> {
    let view = View { inventory, scaling, provider, silent_after_ms, now };
    let mut actions = Vec::new();
    let mut staying = Vec::new();
    for worker in &inventory.workers {
        if !worker.state.takes_work() {
            actions.extend(teardown::steps(&view, worker));
            continue;
        }
        if let Some(drain) = retire::drain(&view, worker) {
            actions.push(drain);
            continue;
        }
        actions.extend(provide::steps(&view, worker));
        staying.push(worker);
    }
    actions.extend(demand::steps(&view, &staying));
    actions.extend(orphans::steps(&view));
    actions
}

/// What every rule looks at.
struct View<'a> {
    inventory: &'a Inventory,
    scaling: &'a ScalingPolicy,
    provider: &'a ProviderPolicy,
    silent_after_ms: i64,
    now: i64,
}

/// What a listing says of a worker's machine.
enum Sighting<'a> {
    /// Nothing: there is no listing, or the machine is too new for it.
    Unknown,
    /// There is none.
    Absent,
    /// This.
    Seen(&'a Machine),
}

impl<'a> View<'a> {
    fn listing(&self, app: &str) -> Option<&'a Listing> {
        self.inventory.listings.iter().find(|listing| listing.app == app)
    }

    fn listing_of(&self, worker: &Worker) -> Option<&'a Listing> {
        self.listing(worker.app_name.as_deref()?)
    }

    /// Looks for a worker's machine by its id, or by its tag while nobody was told the id.
    fn machine_of(&self, worker: &Worker) -> Sighting<'a> {
        let Some(listing) = self.listing_of(worker) else {
            return Sighting::Unknown;
        };
        let is_its = |machine: &&Machine| worker.owns(machine) && (machine.phase != Phase::Gone || worker.machine_id.is_some());
        if let Some(machine) = listing.machines.iter().find(is_its) {
            return Sighting::Seen(machine);
        }
        // One that is being removed is looked at alone before it counts as gone, so there is nothing to wait for.
        let is_new = worker.teardown_at.is_none() && worker.machine_created_at.is_some_and(|at| self.now - at < LISTING_LAG_MS);
        if is_new { Sighting::Unknown } else { Sighting::Absent }
    }

    /// Whether the policy wants machines in this app.
    fn is_wanted_app(&self, app: Option<&str>) -> bool {
        !self.provider.kind.is_empty() && app == Some(&self.provider.app_name)
    }
}

impl Worker {
    /// Whether it is ours and may have a machine or be about to get one; such a one counts towards the cap.
    fn holds_a_place(&self) -> bool {
        self.is_ours && self.state != State::Stopped && self.machine_gone_at.is_none()
    }

    /// Whether a machine is this worker's: the one that was noted, or as long as none was, one with its tag.
    fn owns(&self, machine: &Machine) -> bool {
        match &self.machine_id {
            Some(id) => *id == machine.machine_id,
            None => self.machine_gone_at.is_none() && machine.worker_id.as_ref() == Some(&self.worker_id),
        }
    }
}
