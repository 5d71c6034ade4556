//! Order, leases and endings, from the log alone.

use std::collections::{BTreeMap, BTreeSet};

use super::Findings;
use super::log::Event;
use super::renewals::{Renewals, renewals};
use crate::history::Exchange;
use crate::world::Remains;

/// How a message stands, in the words of the views.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Queued,
    Processing,
    Done,
    DeadLetter,
    Cancelled,
    Discarded,
}

impl State {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Done => "done",
            Self::DeadLetter => "dead_letter",
            Self::Cancelled => "cancelled",
            Self::Discarded => "discarded",
        }
    }

    fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Processing)
    }
}

/// What became of an accepted message.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) conversation: String,
    pub(super) state: State,
    pub(super) external_id: Option<String>,
    ready_at: i64,
}

/// Messages by their ids.
pub(super) type Messages = BTreeMap<String, Message>;

#[derive(Debug, Clone)]
struct Lease {
    id: String,
    message: String,
    worker: String,
    position: i64,
    /// It was promised until then.
    promised_until: i64,
    /// It may have been renewed until then, if every heartbeat that was sent was taken.
    possible_until: i64,
}

#[derive(Debug, Default)]
struct Conversation {
    /// Its messages, in the order in which they are to be worked.
    order: Vec<String>,
    lease: Option<Lease>,
    epoch: i64,
    turns: i64,
}

/// Follows the log, and gives what became of each message.
pub(super) fn follow(events: &[Event], exchanges: &[Exchange], remains: &Remains, findings: &mut Findings) -> Messages {
    let mut follower = Follower {
        renewals: renewals(exchanges),
        messages: Messages::new(),
        conversations: BTreeMap::new(),
        takes_work: BTreeSet::new(),
        leases: BTreeSet::new(),
        calm_ms: remains.calm_ms,
        findings,
    };
    for event in events {
        match event.kind.as_str() {
            "conversation" => follower.conversation(event),
            "worker" => follower.worker(event),
            _ => {}
        }
    }
    for (id, message) in &follower.messages {
        if message.state.is_open() {
            let (conversation, state) = (&message.conversation, message.state.word());
            follower.findings.add("nothing-stuck", format!("message {id} of {conversation} is still {state} at the end"));
        }
    }
    follower.messages
}

struct Follower<'a> {
    renewals: BTreeMap<String, Renewals>,
    messages: Messages,
    conversations: BTreeMap<String, Conversation>,
    takes_work: BTreeSet<String>,
    leases: BTreeSet<String>,
    calm_ms: i64,
    findings: &'a mut Findings,
}

impl Follower<'_> {
    fn worker(&mut self, event: &Event) {
        match event.type_.as_str() {
            "WorkerRequested" => drop(self.takes_work.insert(event.id.clone())),
            "DrainRequested" | "TeardownStarted" | "WorkerStopped" => drop(self.takes_work.remove(&event.id)),
            _ => {}
        }
    }

    fn conversation(&mut self, event: &Event) {
        match event.type_.as_str() {
            "MessageEnqueued" => self.enqueued(event),
            "MessageClaimed" => self.claimed(event),
            "MessageCompleted" => self.ended_by_holder(event, State::Done),
            "MessageFailed" => self.ended_by_holder(event, State::Queued),
            "TurnsAppended" => self.turns(event),
            "LeaseLost" => self.lost(event),
            "MessageCancelled" => self.cancelled(event),
            "MessageDeadLettered" => self.becomes(event, State::Queued, State::DeadLetter),
            "DeadLetterDiscarded" => self.becomes(event, State::DeadLetter, State::Discarded),
            "DeadLetterReplayed" => self.replayed(event),
            "MessageRescheduled" => self.ready_at(event),
            _ => {}
        }
    }

    fn enqueued(&mut self, event: &Event) {
        let id = event.text("message_id").to_owned();
        let message = Message {
            conversation: event.id.clone(),
            state: State::Queued,
            external_id: event.data["external_id"].as_str().map(str::to_owned),
            ready_at: event.number("ready_at"),
        };
        if self.messages.insert(id.clone(), message).is_some() {
            self.findings.add("accepted-once", format!("message {id} is accepted again at {}", event.position));
        }
        self.conversations.entry(event.id.clone()).or_default().order.push(id);
    }

    fn ready_at(&mut self, event: &Event) {
        if let Some(message) = self.messages.get_mut(event.text("message_id")) {
            message.ready_at = event.number("ready_at");
        }
    }

    fn claimed(&mut self, event: &Event) {
        let (id, position) = (event.text("message_id").to_owned(), event.position);
        self.may_be_claimed(event);
        let lease_id = event.text("lease_id").to_owned();
        if !self.leases.insert(lease_id.clone()) {
            self.findings.add("one-at-a-time", format!("the lease of {position} was given before"));
        }
        let expires_at = event.number("expires_at");
        let renewals = self.renewals.remove(&lease_id).unwrap_or_default();
        let conversation = self.conversations.entry(event.id.clone()).or_default();
        conversation.epoch = event.number("epoch");
        conversation.lease = Some(Lease {
            id: lease_id,
            message: id.clone(),
            worker: event.text("worker_id").to_owned(),
            position,
            promised_until: expires_at.max(renewals.promised_until),
            possible_until: expires_at.max(renewals.possible_until),
        });
        if let Some(message) = self.messages.get_mut(&id) {
            message.state = State::Processing;
        }
    }

    fn may_be_claimed(&mut self, event: &Event) {
        let (id, position) = (event.text("message_id"), event.position);
        let conversation = self.conversations.entry(event.id.clone()).or_default();
        if let Some(lease) = &conversation.lease {
            let text = format!("{} is claimed at {position} while the lease of {} goes on", event.id, lease.position);
            self.findings.add("one-at-a-time", text);
        }
        if event.number("epoch") <= conversation.epoch {
            self.findings.add("one-at-a-time", format!("the epoch at {position} is not greater than the one before"));
        }
        let is_open = |id: &&String| self.messages.get(*id).is_some_and(|message| message.state.is_open());
        let head = conversation.order.iter().find(is_open);
        if head.map(String::as_str) != Some(id) {
            self.findings.add("in-order", format!("{id} is claimed at {position}, before {head:?}"));
        }
        if !self.takes_work.contains(event.text("worker_id")) {
            let text = format!("worker {} takes work at {position}", event.text("worker_id"));
            self.findings.add("draining-takes-nothing", text);
        }
        if self.messages.get(id).is_some_and(|message| message.ready_at > event.at) {
            self.findings.add("not-before-its-time", format!("{id} is claimed at {position}, before it is ready"));
        }
    }

    /// The lease in force, if the event names it; else an effect of a lease that is over was recorded.
    fn lease_of(&mut self, event: &Event) -> Option<Lease> {
        let conversation = self.conversations.entry(event.id.clone()).or_default();
        let is_named = |lease: &Lease| lease.id == event.text("lease_id") && lease.message == event.text("message_id");
        let lease = conversation.lease.clone().filter(is_named);
        if lease.is_none() {
            let text = format!("{} at {} has effect without a lease in force", event.type_, event.position);
            self.findings.add("lost-lease-has-no-effect", text);
        }
        lease
    }

    /// The event is said by the holder, in time.
    fn said_by_holder(&mut self, event: &Event) {
        let Some(lease) = self.lease_of(event) else { return };
        if event.at >= lease.possible_until {
            let late = event.at - lease.possible_until;
            let text = format!("{} at {} has effect {late} ms after its lease ran out", event.type_, event.position);
            self.findings.add("lost-lease-has-no-effect", text);
        }
        let worker = event.text("worker_id");
        if !worker.is_empty() && worker != lease.worker {
            let text = format!("{} at {} is by a worker that has no lease", event.type_, event.position);
            self.findings.add("lost-lease-has-no-effect", text);
        }
    }

    fn ended_by_holder(&mut self, event: &Event, state: State) {
        self.said_by_holder(event);
        self.end_lease(event);
        self.becomes(event, State::Processing, state);
        if state == State::Queued {
            self.ready_at(event);
        }
    }

    fn end_lease(&mut self, event: &Event) {
        if let Some(conversation) = self.conversations.get_mut(&event.id) {
            conversation.lease = None;
        }
    }

    fn turns(&mut self, event: &Event) {
        self.said_by_holder(event);
        let conversation = self.conversations.entry(event.id.clone()).or_default();
        let added = event.data["turns"].as_array().map_or(0, Vec::len);
        let total = event.number("turns_total");
        if total != conversation.turns + i64::try_from(added).unwrap_or(0) {
            let text = format!("{total} turns at {}, where there were {}", event.position, conversation.turns);
            self.findings.add("turns-are-counted", text);
        }
        conversation.turns = total;
    }

    fn lost(&mut self, event: &Event) {
        if let Some(lease) = self.lease_of(event) {
            if event.at < lease.promised_until {
                let text = format!("the lease of {} is taken away at {}, too early", lease.position, event.position);
                self.findings.add("live-lease-is-kept", text);
            }
            let late = event.at - lease.possible_until.max(self.calm_ms);
            if late > super::SLACK_MS {
                let text = format!("the lease of {} is ended {late} ms late, at {}", lease.position, event.position);
                self.findings.add("waits-end-in-time", text);
            }
        }
        self.end_lease(event);
        self.becomes(event, State::Processing, State::Queued);
        self.ready_at(event);
    }

    fn cancelled(&mut self, event: &Event) {
        let id = event.text("message_id");
        let conversation = self.conversations.entry(event.id.clone()).or_default();
        if conversation.lease.as_ref().is_some_and(|lease| lease.message == id) {
            conversation.lease = None;
        }
        let state = self.messages.get(id).map_or(State::Cancelled, |message| message.state);
        self.becomes(event, if state.is_open() { state } else { State::Queued }, State::Cancelled);
    }

    fn replayed(&mut self, event: &Event) {
        self.becomes(event, State::DeadLetter, State::Queued);
        self.ready_at(event);
        let id = event.text("message_id").to_owned();
        let conversation = self.conversations.entry(event.id.clone()).or_default();
        conversation.order.retain(|one| *one != id);
        conversation.order.push(id);
    }

    fn becomes(&mut self, event: &Event, from: State, to: State) {
        let id = event.text("message_id");
        let Some(message) = self.messages.get_mut(id) else {
            self.findings.add("accepted-once", format!("{} at {} is of no accepted message", event.type_, event.position));
            return;
        };
        if message.state != from {
            let text = format!("{id} is {} and becomes {} at {}", message.state.word(), to.word(), event.position);
            self.findings.add("ended-once", text);
        }
        message.state = to;
    }
}
