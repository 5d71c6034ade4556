//! What replaying costs, and for how long writers wait at the end of a rebuild.

use std::rc::Rc;

use clawstead_ledger::{Durability, Engine, Ledger, VIEW_TABLES};
use futures::executor::block_on;

use crate::bench::{Bench, Cost, cost, enqueued, median, row, row_ms};
use crate::queue::{claimed, completed};
use crate::timed::Timed;

const CHUNK: i64 = 500;

/// So many messages in the views, three events each, ten to a conversation.
fn filled(messages: i64) -> Bench {
    let bench = Bench::new(Durability::Normal);
    for round in 0..messages / 100 {
        let name = |n: i64| (format!("c{}", (round * 100 + n) / 10), format!("m{}", round * 100 + n));
        for n in 0..100 {
            let (conversation, message) = name(n);
            bench.append(
                "conversation",
                &[enqueued(&conversation, &message), claimed(&conversation, &message), completed(&conversation, &message)],
            );
        }
    }
    bench
}

/// A whole rebuild, and its transaction.
fn rebuild(bench: &Bench) -> (Cost, Cost) {
    let inner = block_on(bench.ledger.engine().reopen()).unwrap();
    let took = Rc::default();
    let ledger = Ledger::new(Timed { inner, begun: Rc::default(), took: Rc::clone(&took) });
    let whole = cost(|| assert!(block_on(ledger.rebuild("bench", 0, CHUNK, |_| {})).is_ok()));
    (whole, took.get().unwrap())
}

/// The other way to swap: one statement that empties the live tables and copies the fresh ones into them.
fn copy(bench: &Bench) -> Cost {
    bench.sql("DROP TABLE IF EXISTS copy_intake");
    bench.sql("CREATE TABLE copy_intake (x)");
    let mut steps = String::new();
    for table in VIEW_TABLES {
        bench.sql(&format!("DROP TABLE IF EXISTS copy_{table}"));
        bench.sql(&format!("CREATE TABLE copy_{table} AS SELECT * FROM {table}"));
        steps.push_str(&format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM copy_{table}; "));
    }
    bench.sql(&format!("CREATE TRIGGER copy_all BEFORE INSERT ON copy_intake BEGIN {steps} SELECT RAISE(IGNORE); END"));
    cost(|| bench.sql("INSERT INTO copy_intake VALUES (1)"))
}

pub(crate) fn measure() {
    for messages in [10_000, 200_000] {
        let bench = filled(messages);
        let events = block_on(bench.ledger.head()).unwrap() as f64;
        let whole = median(|| rebuild(&bench).0);
        row(&format!("replay of an event, {messages} messages"), whole.per(events));
        row_ms(&format!("rebuild of {events} events, {messages} messages"), whole);
        row_ms(&format!("its swap by renaming, {messages} messages"), median(|| rebuild(&bench).1));
        row_ms(&format!("a swap by copying, {messages} messages"), median(|| copy(&bench)));
    }
}
