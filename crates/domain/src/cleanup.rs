//! What a cleanup would remove, and how: for operators who want an end to a bill.
//!
//! Only what carries the tag of this deployment is ever looked at. What a worker owns goes by way of its worker, so that the
//! log knows of it; what nobody owns is deleted.

use serde::{Deserialize, Serialize};

use crate::plan::{Listing, Machine, Phase, Volume, Worker};
use crate::worker::State;

/// So old must a thing without an owner be. The row comes before the call, so this only covers a log that lags behind.
const GRACE_MS: i64 = 300_000;

/// What is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// What belongs to no worker.
    Orphans,
    /// That, and what belongs to workers whose time is over: stopping, draining past their deadline, never heard of.
    Expired,
    /// Everything of this deployment.
    Everything,
}

/// How far a cleanup goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// What is to go.
    pub scope: Scope,
    /// Whether also what is busy, and volumes that are kept for somebody to look at, go at once.
    pub force: bool,
    /// A worker that has not called within this time never will.
    pub boot_timeout_ms: i64,
}

/// A machine or a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    /// A machine.
    Machine,
    /// A volume.
    Volume,
}

/// How something goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// It is deleted.
    Delete,
    /// Its worker is drained: it ends what it does, hands in what it knows, and goes.
    Drain,
    /// It is on its way out, or bound to something that is.
    Wait,
}

/// One thing that is to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// App that holds it.
    pub app: String,
    /// What it is.
    pub thing: Thing,
    /// The provider's id.
    pub id: String,
    /// Its worker, if it has one.
    pub worker_id: Option<String>,
    /// How it goes.
    pub step: Step,
}

/// What there is of a cleanup's scope, in the order in which it goes.
pub fn findings(workers: &[Worker], listings: &[Listing], reach: Reach, now: i64) -> Vec<Finding> {
    let cleanup = Cleanup { workers, reach, now };
    let machines = listings.iter().flat_map(|listing| listing.machines.iter().map(move |machine| (listing, machine)));
    let volumes = listings.iter().flat_map(|listing| listing.volumes.iter().map(move |volume| (listing, volume)));
    let machines = machines.filter_map(|(listing, machine)| cleanup.of_machine(&listing.app, machine));
    let volumes = volumes.filter_map(|(listing, volume)| cleanup.of_volume(&listing.app, volume));
    machines.chain(volumes).collect()
}

struct Cleanup<'a> {
    workers: &'a [Worker],
    reach: Reach,
    now: i64,
}

impl Cleanup<'_> {
    fn of_machine(&self, app: &str, machine: &Machine) -> Option<Finding> {
        let tagged_for = machine.worker_id.as_deref()?;
        if machine.phase == Phase::Gone {
            return None;
        }
        let owner = self.workers.iter().find(|worker| match &worker.machine_id {
            Some(id) => *id == machine.machine_id,
            None => worker.machine_gone_at.is_none() && worker.worker_id == tagged_for,
        });
        let step = match owner {
            Some(worker) => self.step_of(worker)?,
            None if machine.phase == Phase::Leaving || !self.is_old(machine.created_at) => Step::Wait,
            None => Step::Delete,
        };
        let worker_id = owner.map(|worker| worker.worker_id.clone());
        Some(Finding { app: app.to_owned(), thing: Thing::Machine, id: machine.machine_id.clone(), worker_id, step })
    }

    fn of_volume(&self, app: &str, volume: &Volume) -> Option<Finding> {
        if !volume.is_tagged || volume.is_leaving {
            return None;
        }
        let owner = self.workers.iter().find(|worker| {
            worker.volume_id.as_ref() == Some(&volume.volume_id) || volume.worker_id.as_ref() == Some(&worker.worker_id)
        });
        let is_free = !volume.is_attached && owner.is_none_or(|worker| worker.machine_gone_at.is_some());
        let step = match owner {
            // Its worker may want it for longer: what it knows may be nowhere else.
            Some(worker) => match self.step_of(worker)? {
                Step::Wait if is_free && self.reach.force => Step::Delete,
                step => step,
            },
            None if is_free && self.is_old(volume.created_at) => Step::Delete,
            None => Step::Wait,
        };
        let worker_id = owner.map(|worker| worker.worker_id.clone());
        Some(Finding { app: app.to_owned(), thing: Thing::Volume, id: volume.volume_id.clone(), worker_id, step })
    }

    /// How what a worker owns goes; none when it stays.
    fn step_of(&self, worker: &Worker) -> Option<Step> {
        if !worker.is_ours || !self.is_in_scope(worker) {
            return None;
        }
        let drains = worker.state == State::Draining;
        let may_go_on = drains && worker.drain_deadline_at.is_some_and(|at| at > self.now);
        Some(if worker.state.takes_work() || (may_go_on && self.reach.force) { Step::Drain } else { Step::Wait })
    }

    fn is_in_scope(&self, worker: &Worker) -> bool {
        match self.reach.scope {
            Scope::Orphans => false,
            Scope::Everything => true,
            Scope::Expired => match worker.state {
                State::Stopping | State::Stopped => true,
                State::Draining => worker.drain_deadline_at.is_none_or(|at| at <= self.now),
                State::Requested => self.now - worker.requested_at > self.reach.boot_timeout_ms,
                State::Active => false,
            },
        }
    }

    /// What nobody dates is not taken for old.
    fn is_old(&self, created_at: Option<i64>) -> bool {
        created_at.is_some_and(|at| self.now - at >= GRACE_MS)
    }
}

impl Finding {
    /// Whether it is about the same machine or volume.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.thing == other.thing && self.id == other.id && self.app == other.app
    }
}
