//! What the real events of a message cost, each appended alone, and with how much durability.

use clawstead_ledger::{Durability, NewEvent};
use serde_json::json;

use crate::bench::{Bench, Cost, enqueued, event, mean, median, row};

pub(crate) fn claimed(conversation_id: &str, message_id: &str) -> NewEvent {
    let data = json!({
        "message_id": message_id, "worker_id": "w", "lease_id": format!("l-{message_id}"), "epoch": 1, "delivery": 1,
        "expires_at": 1_700_000_090_000_i64,
    });
    event(conversation_id, "MessageClaimed", data)
}

pub(crate) fn completed(conversation_id: &str, message_id: &str) -> NewEvent {
    let data = json!({ "message_id": message_id, "worker_id": "w", "lease_id": format!("l-{message_id}") });
    event(conversation_id, "MessageCompleted", data)
}

/// Enqueue, claim and complete, every message in a conversation of its own.
fn costs(durability: Durability, messages: u32) -> [Cost; 3] {
    let bench = Bench::new(durability);
    let steps = [enqueued, claimed, completed];
    steps.map(|step| mean(messages, |index| bench.append("conversation", &[step(&format!("c{index}"), &format!("m{index}"))])))
}

pub(crate) fn measure() {
    for (durability, name, messages) in [(Durability::Normal, "NORMAL", 2_000), (Durability::Full, "FULL", 300)] {
        for (index, what) in ["enqueue", "claim", "complete"].into_iter().enumerate() {
            row(&format!("append of {what}, synchronous {name}"), median(|| costs(durability, messages)[index]));
        }
    }
    let batched = || {
        let bench = Bench::new(Durability::Normal);
        let of_hundred = mean(20, |round| {
            let events: Vec<_> = (0..100).map(|n| enqueued(&format!("c{n}"), &format!("m{round}-{n}"))).collect();
            bench.append("conversation", &events);
        });
        of_hundred.per(100.0)
    };
    row("append of enqueue, 100 in one statement, each", median(batched));
}
