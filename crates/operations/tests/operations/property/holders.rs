//! What holders of leases do, and those who once were.

use clawstead_domain::conversation::{Ending, NewTurn, Role};
use clawstead_operations::{OperationError, queue};
use futures::executor::block_on;

use super::actors::Actors;
use super::model::{Held, State};

impl Actors<'_> {
    /// Lets the holder of a job, or whoever once was that, do something.
    pub(super) fn by_holder(&mut self, job: usize, does: fn(&mut Self, &mut Held)) {
        let Some(index) = self.model.handed_out.len().checked_sub(job + 1) else {
            return;
        };
        let mut held = self.model.handed_out[index].clone();
        does(self, &mut held);
        self.model.handed_out[index] = held;
    }

    pub(super) fn heartbeat(&mut self, held: &mut Held) {
        let outcome = block_on(queue::heartbeat(&self.world.cx(), ending(held)));
        if !self.accepts(held, &outcome) {
            return;
        }
        let renewed = self.world.now() + self.model.lease.lease_ms;
        held.expires_at = held.expires_at.max(renewed);
        let told = outcome.unwrap();
        assert!(told >= renewed && told <= held.expires_at, "{told} is not the end of the lease");
    }

    pub(super) fn complete(&mut self, held: &mut Held) {
        let outcome = block_on(queue::complete(&self.world.cx(), ending(held)));
        if held.completed {
            return outcome.expect("a repeated complete succeeds");
        }
        if self.accepts(held, &outcome) {
            held.completed = true;
            self.model.end(held, State::Done);
        }
    }

    pub(super) fn fail(&mut self, held: &mut Held) {
        let outcome = block_on(queue::fail(&self.world.cx(), ending(held), "boom"));
        if !self.accepts(held, &outcome) {
            return;
        }
        let message = self.model.message(&held.job.message_id);
        message.attempts += 1;
        let last = message.attempts >= message.max_attempts;
        assert_eq!(outcome.unwrap().dead_lettered, last);
        self.model.end(held, if last { State::DeadLetter } else { State::Queued });
    }

    pub(super) fn say(&mut self, held: &mut Held) {
        let sql = format!("SELECT token_hash FROM workers WHERE worker_id = '{}' AND state <> 'stopped'", held.worker_id);
        let Some(slot) = self.workers.iter().find(|worker| worker.worker_id == held.worker_id) else {
            return;
        };
        if self.world.rows(&sql).is_empty() {
            return;
        }
        let worker = self.world.call(slot).unwrap();
        let said = |content: String| NewTurn { role: Role::Assistant, content, at: None };
        let known = self.model.turns.get(&held.job.conversation_id).copied().unwrap_or(0);
        let turns = [said(format!("turn {known}")), said("and on".to_owned())];
        let outcome = block_on(queue::append_turns(&self.world.cx(), &worker, &held.job.conversation_id, &turns));
        // Turns belong to the conversation: a later lease of the same worker serves as well.
        let lease = self.model.leases.get(&held.job.conversation_id);
        let newest = self.model.handed_out.iter().rfind(|other| Some(&other.job.lease_id) == lease);
        let may = newest.is_some_and(|other| other.worker_id == held.worker_id && other.expires_at > self.world.now());
        assert_eq!(outcome.is_ok(), may, "{outcome:?}");
        if let Ok(appended) = outcome {
            assert_eq!(appended.turn_count, known + 2);
            self.model.turns.insert(held.job.conversation_id.clone(), known + 2);
        }
    }

    /// A holder gets through exactly while its lease is live. Anybody else is refused.
    fn accepts<T: std::fmt::Debug>(&self, held: &Held, outcome: &Result<T, OperationError>) -> bool {
        let live = self.model.is_live(held, self.world.now());
        assert_eq!(outcome.is_ok(), live, "{outcome:?} for {held:?}");
        assert!(live || matches!(outcome, Err(OperationError::Refused(_))), "{outcome:?}");
        live
    }
}

fn ending(held: &Held) -> Ending<'_> {
    Ending { worker_id: &held.worker_id, message_id: &held.job.message_id, lease_id: &held.job.lease_id }
}
