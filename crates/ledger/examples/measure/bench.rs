//! Databases to measure on, and how figures are taken.

use std::time::Instant;

use clawstead_ledger::engines::native::NativeEngine;
use clawstead_ledger::{Durability, Engine, Expected, Ledger, Meta, NewEvent};
use futures::executor::block_on;
use serde_json::{Value, json};
use tempfile::TempDir;

const REPEATS: usize = 5;

/// A migrated database in a file of its own, with an agent and a worker.
pub(crate) struct Bench {
    pub(crate) ledger: Ledger<NativeEngine>,
    _folder: TempDir,
}

impl Bench {
    pub(crate) fn new(durability: Durability) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = block_on(NativeEngine::open(&folder.path().join("bench.db"), durability)).unwrap();
        let ledger = Ledger::new(engine);
        block_on(ledger.migrate("bench", 0)).unwrap();
        let bench = Self { ledger, _folder: folder };
        bench.append("agent", &[event("a", "AgentConfigured", json!({ "version": "1" }))]);
        let worker = json!({ "provider": "external", "name": null, "token_hash": "hash" });
        bench.append("worker", &[event("w", "WorkerRequested", worker)]);
        bench
    }

    pub(crate) fn append(&self, kind: &str, events: &[NewEvent]) {
        let meta =
            Meta { actor: "service:bench".into(), correlation: "0190f3c1-7f2a-7abc-8def-0123456789ab".into(), causation: None };
        block_on(self.ledger.append(kind, events, &meta)).unwrap();
    }

    pub(crate) fn sql(&self, sql: &str) {
        block_on(self.ledger.engine().execute(sql, &[])).unwrap();
    }
}

pub(crate) fn event(id: &str, event_type: &str, data: Value) -> NewEvent {
    NewEvent {
        id: id.into(),
        expected: Expected::Any,
        event_type: event_type.into(),
        schema: 1,
        data,
        at: 1_700_000_000_000,
        dedup_key: None,
    }
}

/// A message as Telegram users write them.
pub(crate) fn enqueued(conversation_id: &str, message_id: &str) -> NewEvent {
    let data = json!({
        "message_id": message_id, "agent_key": "a", "provider": "telegram", "provider_user_id": "5551234001",
        "text": "Could you look up when the next train to Turin leaves, and whether there are seats left in second class?",
        "external_id": message_id, "metadata": { "chat_id": "5551234001", "language": "en" }, "priority": 50, "max_attempts": 5,
        "ready_at": 1_700_000_000_000_i64, "rank": 1_699_999_950_000_i64,
        "conversation_messages_max": 10_000, "agent_messages_max": 10_000_000,
    });
    let key = json!(["telegram", "7001", message_id]).to_string();
    NewEvent { dedup_key: Some(key), ..event(conversation_id, "MessageEnqueued", data) }
}

/// How long something took, in microseconds: by the clock on the wall, and of the processor, which a busy machine does not
/// inflate. Writing and syncing is on the wall alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
}

impl Cost {
    /// Of one among so many.
    pub(crate) fn per(self, number: f64) -> Self {
        Self { wall: self.wall / number, cpu: self.cpu / number }
    }
}

/// Nanoseconds that this thread has been on a processor, where Linux says so.
fn on_processor() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0.0)
}

/// An instant on both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark(Instant, f64);

impl Mark {
    pub(crate) fn now() -> Self {
        Self(Instant::now(), on_processor())
    }

    /// What has been spent since.
    pub(crate) fn cost(self) -> Cost {
        Cost { wall: self.0.elapsed().as_secs_f64() * 1e6, cpu: (on_processor() - self.1) / 1e3 }
    }
}

/// What `one` takes.
pub(crate) fn cost(one: impl FnOnce()) -> Cost {
    let mark = Mark::now();
    one();
    mark.cost()
}

/// What `one` takes, the mean of `times` runs.
pub(crate) fn mean(times: u32, mut one: impl FnMut(u32)) -> Cost {
    cost(|| (0..times).for_each(&mut one)).per(f64::from(times))
}

/// The medians of several takes, each of them prepared from scratch.
pub(crate) fn median(mut take: impl FnMut() -> Cost) -> Cost {
    let takes: Vec<Cost> = (0..REPEATS).map(|_| take()).collect();
    let middle = |of: fn(&Cost) -> f64| {
        let mut sorted: Vec<f64> = takes.iter().map(of).collect();
        sorted.sort_by(f64::total_cmp);
        sorted[REPEATS / 2]
    };
    Cost { wall: middle(|take| take.wall), cpu: middle(|take| take.cpu) }
}

/// Prints a cost in microseconds.
pub(crate) fn row(what: &str, cost: Cost) {
    println!("| {what} | {:.1} µs | {:.1} µs |", cost.wall, cost.cpu);
}

/// Prints a cost in milliseconds.
pub(crate) fn row_ms(what: &str, cost: Cost) {
    println!("| {what} | {:.1} ms | {:.1} ms |", cost.wall / 1e3, cost.cpu / 1e3);
}
