//! Signs of life.

use super::{View, Worker};
use crate::worker::State;

impl View<'_> {
    /// Whether a message of the worker's is in flight.
    pub(super) fn is_busy(&self, worker: &Worker) -> bool {
        worker.lease_ends_at.is_some_and(|at| at > self.now)
    }

    /// How long nothing was heard of a worker while somebody listened.
    pub(super) fn silence(&self, worker: &Worker) -> i64 {
        let last = worker.last_seen_at.or(worker.seen_at).unwrap_or(worker.requested_at);
        self.now - last.max(self.inventory.watching_since)
    }

    /// Whether a worker may still be on its way to its first claim: machine, snapshot and gateway take their time, and it
    /// makes no call meanwhile.
    pub(super) fn is_booting(&self, worker: &Worker) -> bool {
        if worker.last_claim_at.is_some() {
            return false;
        }
        let since = worker.seen_at.or(worker.machine_created_at).unwrap_or(worker.requested_at);
        self.now - since.max(self.inventory.watching_since) <= self.scaling.boot_timeout_ms
    }

    /// Whether a worker that takes work can be counted on.
    pub(super) fn is_live(&self, worker: &Worker) -> bool {
        let in_contact = worker.state == State::Active && self.silence(worker) <= self.silent_after_ms;
        in_contact || (worker.is_ours && self.is_booting(worker))
    }

    /// How long a worker has had nothing to do, if it has not.
    pub(super) fn idle_for(&self, worker: &Worker) -> Option<i64> {
        if worker.has_work || self.is_busy(worker) {
            return None;
        }
        let since = worker.last_ended_at.max(worker.last_claim_at).max(worker.seen_at)?;
        Some(self.now - since)
    }
}
