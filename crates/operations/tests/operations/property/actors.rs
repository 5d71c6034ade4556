//! Carries out steps on the operations and on the model, and compares what both say.

use clawstead_domain::agent::AgentEvent;
use clawstead_domain::config::Policy;
use clawstead_domain::conversation::Enqueue;
use clawstead_domain::worker::WorkerEvent;
use clawstead_ledger::Expected;
use clawstead_operations::queue::{self, Accepted};
use clawstead_operations::workers::Registered;
use clawstead_operations::{OperationError, configs};
use futures::executor::block_on;

use super::model::{Held, Model, State};
use super::promises;
use super::step::{AGENTS, Step, WORKERS};
use crate::world::{World, command};

pub(super) struct Actors<'w> {
    pub(super) world: &'w World,
    pub(super) workers: Vec<Registered>,
    enabled: [bool; AGENTS.len()],
    pub(super) model: Model,
}

fn conversation_id(conversation: usize) -> String {
    format!("c{conversation}")
}

impl<'w> Actors<'w> {
    pub(super) fn new(world: &'w World) -> Self {
        let workers = (0..WORKERS).map(|_| world.worker()).collect();
        Self { world, workers, enabled: [true; AGENTS.len()], model: Model::default() }
    }

    pub(super) fn take(&mut self, step: &Step) {
        match *step {
            Step::Enqueue { conversation, key, external, priority, in_ms, max_attempts } => {
                let scheduled_for = in_ms.map(|ms| self.world.now() + ms);
                let agent = conversation % AGENTS.len();
                let command = Enqueue {
                    agent_key: AGENTS[agent].to_owned(),
                    priority,
                    scheduled_for,
                    max_attempts,
                    external_id: external.map(|external| external.to_string()),
                    ..command(&conversation_id(conversation), "hi")
                };
                self.enqueue(&command, key, external, self.enabled[agent]);
            }
            Step::Claim { worker, wanted } => self.claim(worker, wanted.map(conversation_id).as_deref()),
            Step::Heartbeat { job } => self.by_holder(job, Self::heartbeat),
            Step::Complete { job } => self.by_holder(job, Self::complete),
            Step::Fail { job } => self.by_holder(job, Self::fail),
            Step::Say { job } => self.by_holder(job, Self::say),
            Step::Cancel { message } => self.of_message(message, Self::cancel),
            Step::Reschedule { message, in_ms } => self.of_message(message, |this, id| this.reschedule(id, in_ms)),
            Step::Replay { message } => self.of_message(message, Self::replay),
            Step::Discard { message } => self.of_message(message, Self::discard),
            Step::ReplayMany { limit } => self.replay_many(limit),
            Step::Pass { ms } => self.world.pass(ms),
            Step::Recover { limit } => self.recover(limit),
            Step::Switch { agent, enabled } => {
                self.world.agent(AGENTS[agent], enabled);
                self.enabled[agent] = enabled;
            }
            Step::Replace { worker } => self.workers[worker] = self.world.worker(),
            Step::Drain { worker } => self.world.drain(&self.workers[worker].worker_id),
            Step::Stop { worker } => {
                for event in [WorkerEvent::TeardownStarted {}, WorkerEvent::MachineGone {}, WorkerEvent::WorkerStopped {}] {
                    self.world.append_to_worker(&self.workers[worker].worker_id, &event);
                }
            }
            Step::Link { agent } => self.link(AGENTS[agent]),
            Step::Leases(policy) => self.model.lease = self.set(policy),
            Step::Retries(policy) => self.model.retry = self.set(policy),
            Step::Order(policy) => self.model.queue = self.set(policy),
        }
    }

    fn link(&self, agent_key: &str) {
        let bot_id = format!("bot of {agent_key}");
        let linked = AgentEvent::BotLinked { bot_id, username: "helper_bot".to_owned(), token_ref: "bot".to_owned() };
        block_on(self.world.cx().append(agent_key, Expected::Any, &[linked])).unwrap();
    }

    fn set<P: Policy>(&self, policy: P) -> P {
        block_on(configs::set(&self.world.cx(), &policy)).unwrap();
        policy
    }

    fn enqueue(&mut self, command: &Enqueue, key: Option<u8>, external: Option<u8>, enabled: bool) {
        let of_key = key.and_then(|key| self.model.keys.get(&key)).cloned();
        let external = external.map(|external| (command.conversation_id.clone(), external));
        let first = of_key.or_else(|| self.model.externals.get(external.as_ref()?).cloned());
        let full = self.is_full(command);
        let outcome = self.world.enqueue_as(command, key.map(|key| format!("key {key}")).as_deref());
        match (outcome, first) {
            (Ok(Accepted { message_id, repeated: true, .. }), Some(first)) => {
                assert_eq!(message_id, first);
                self.model.keys.extend(key.map(|key| (key, first)));
            }
            (Ok(Accepted { message_id, repeated: false, .. }), None) if enabled && full.is_none() => {
                self.model.accept(&message_id, &command.conversation_id, command.max_attempts);
                self.model.keys.extend(key.map(|key| (key, message_id.clone())));
                self.model.externals.extend(external.map(|external| (external, message_id)));
            }
            (Err(OperationError::Refused(refusal)), None) if !enabled => assert_eq!(refusal.code, "agent_disabled"),
            (Err(OperationError::Refused(refusal)), None) => assert_eq!(Some(refusal.code), full),
            (outcome, first) => panic!("{outcome:?} for {command:?}, accepted before: {first:?}"),
        }
    }

    fn is_full(&self, command: &Enqueue) -> Option<&'static str> {
        if self.model.open(|id| id == command.conversation_id) >= self.model.queue.conversation_messages_max {
            return Some("conversation_full");
        }
        let of_agent = |id: &str| AGENTS[id[1..].parse::<usize>().unwrap() % AGENTS.len()] == command.agent_key;
        (self.model.open(of_agent) >= self.model.queue.agent_messages_max).then_some("agent_full")
    }

    fn of_message(&mut self, message: usize, does: impl FnOnce(&mut Self, &str)) {
        let Some(index) = self.model.accepted.len().checked_sub(message + 1) else {
            return;
        };
        let message_id = self.model.accepted[index].clone();
        does(self, &message_id);
    }

    fn cancel(&mut self, message_id: &str) {
        let outcome = block_on(queue::cancel(&self.world.cx(), message_id));
        let message = self.model.message(message_id);
        let may = message.state.is_open() || message.state == State::Cancelled;
        assert_eq!(outcome.is_ok(), may, "{outcome:?}");
        if message.state == State::Processing {
            let conversation_id = message.conversation_id.clone();
            self.model.leases.remove(&conversation_id);
        }
        if may {
            self.model.message(message_id).state = State::Cancelled;
        }
    }

    fn reschedule(&mut self, message_id: &str, in_ms: i64) {
        let at = self.world.now() + in_ms;
        let outcome = block_on(queue::reschedule(&self.world.cx(), message_id, at));
        assert_eq!(outcome.is_ok(), self.model.message(message_id).state == State::Queued, "{outcome:?}");
        if outcome.is_ok() {
            assert_eq!(block_on(queue::message(&self.world.cx(), message_id)).unwrap().ready_at, at);
        }
    }

    fn replay(&mut self, message_id: &str) {
        let outcome = block_on(queue::replay(&self.world.cx(), message_id));
        assert_eq!(outcome.is_ok(), self.model.message(message_id).state == State::DeadLetter, "{outcome:?}");
        if outcome.is_ok() {
            self.model.replay(message_id);
        }
    }

    fn discard(&mut self, message_id: &str) {
        let outcome = block_on(queue::discard(&self.world.cx(), message_id));
        let message = self.model.message(message_id);
        let may = matches!(message.state, State::DeadLetter | State::Discarded);
        assert_eq!(outcome.is_ok(), may, "{outcome:?}");
        if may {
            message.state = State::Discarded;
        }
    }

    fn replay_many(&mut self, limit: i64) {
        let all = block_on(queue::dead_letters(&self.world.cx(), None, "", 1_000)).unwrap();
        let mut expected: Vec<String> =
            self.model.messages.iter().filter(|(_, m)| m.state == State::DeadLetter).map(|(id, _)| id.clone()).collect();
        expected.sort_unstable();
        assert_eq!(all.iter().map(|message| &message.message_id).collect::<Vec<_>>(), expected.iter().collect::<Vec<_>>());
        let which = queue::Which::Oldest { agent_key: None, limit };
        let many = block_on(queue::replay_many(&self.world.cx(), &which)).unwrap();
        expected.truncate(limit as usize);
        assert_eq!((&many.message_ids, many.refused.len()), (&expected, 0));
        for message_id in &expected {
            self.model.replay(message_id);
        }
    }

    fn claim(&mut self, worker: usize, wanted: Option<&str>) {
        let Some(worker) = self.world.call(&self.workers[worker]) else {
            return;
        };
        let claimable = promises::claimable(self.world, &self.model, &worker, wanted);
        let job = block_on(queue::claim(&self.world.cx(), &worker, wanted)).unwrap();
        match job {
            Some(job) => {
                assert!(claimable.contains(&job.conversation_id), "{} of {claimable:?}", job.conversation_id);
                assert_eq!(job.lease_expires_at, self.world.now() + self.model.lease.lease_ms);
                self.model.hand_out(&worker.worker_id, job);
            }
            None => assert_eq!(claimable, Vec::<String>::new(), "nothing may be stuck"),
        }
    }

    fn recover(&mut self, limit: i64) {
        let now = self.world.now();
        let taken = block_on(queue::recover_leases(&self.world.cx(), limit)).unwrap();
        let held: Vec<Held> = self.model.handed_out.clone();
        let overdue =
            |held: &&Held| self.model.leases.get(&held.job.conversation_id) == Some(&held.job.lease_id) && held.expires_at <= now;
        let overdue: Vec<&Held> = held.iter().filter(overdue).collect();
        assert_eq!(taken, limit.min(overdue.len() as i64));
        for held in overdue {
            let word = self.world.status(&held.job.message_id);
            let message = self.model.message(&held.job.message_id);
            let last = message.deliveries >= self.model.lease.max_deliveries;
            match word.as_str() {
                "processing" => assert!(taken < i64::MAX && limit == taken, "overdue and left"),
                "queued" if !last => self.model.end(held, State::Queued),
                "dead_letter" if last => self.model.end(held, State::DeadLetter),
                other => panic!("{other} after a lost lease: {held:?}"),
            }
        }
    }
}
