//! What an append costs by the number of triggers on the feed, and by how the feed is kept to one row.

use clawstead_ledger::{Durability, Engine};
use futures::executor::block_on;

use crate::bench::{Bench, Cost, enqueued, mean, median, row};

const APPENDS: u32 = 2_000;

/// The real log and intake; on the feed `number` triggers as views have them, of which one follows the event.
fn with_triggers(number: usize) -> Bench {
    let bench = Bench::new(Durability::Normal);
    let real = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'conversation_feed'";
    for trigger in block_on(bench.ledger.engine().execute(real, &[])).unwrap().iter().filter_map(|row| row.text("name")) {
        bench.sql(&format!("DROP TRIGGER {trigger}"));
    }
    bench.sql("CREATE TABLE seen (id TEXT PRIMARY KEY, n INTEGER, ready_at INTEGER)");
    for index in 0..number {
        let of = if index == 0 { "MessageEnqueued".to_owned() } else { format!("Another{index}") };
        bench.sql(&format!(
            "CREATE TRIGGER follows_{index} AFTER INSERT ON conversation_feed WHEN NEW.type = '{of}' BEGIN \
             INSERT INTO seen (id, n, ready_at) VALUES (NEW.data ->> '$.message_id', NEW.version, NEW.data ->> '$.ready_at') \
             ON CONFLICT (id) DO UPDATE SET n = excluded.n; \
             UPDATE conversations SET stream_version = NEW.version WHERE conversation_id = NEW.id; END"
        ));
    }
    bench
}

/// The feed as one slot that is overwritten: what the intake does not do, because views' unique indexes would then delete.
fn replace_feed(bench: &Bench) {
    let sql = "SELECT sql FROM sqlite_master WHERE name = 'conversation_intake_append'";
    let intake = block_on(bench.ledger.engine().execute(sql, &[])).unwrap().first().unwrap().text("sql").unwrap();
    bench.sql("DROP TRIGGER conversation_intake_append");
    bench.sql("ALTER TABLE conversation_feed ADD COLUMN slot INTEGER");
    bench.sql("CREATE UNIQUE INDEX one_slot ON conversation_feed (slot)");
    let columns = "(position, stream, id, version, type, schema, at, data)";
    let slotted = intake
        .replace(&format!("INSERT INTO conversation_feed {columns}"), "INSERT OR REPLACE INTO conversation_feed")
        .replace("NEW.at, NEW.data\n  );", "NEW.at, NEW.data, 1\n  );")
        .replace("  DELETE FROM conversation_feed;\n", "");
    assert!(slotted.contains("OR REPLACE") && !slotted.contains("DELETE"));
    bench.sql(&slotted);
}

fn append_cost(bench: &Bench) -> Cost {
    mean(APPENDS, |index| bench.append("conversation", &[enqueued(&format!("c{}", index % 100), &format!("m{index}"))]))
}

/// A statement that nothing has compiled before, and that appends nothing.
fn preparation_cost(bench: &Bench) -> Cost {
    mean(300, |index| {
        bench.sql(&format!(
            "INSERT INTO conversation_intake (stream, version, type, schema, at, data, meta, dedup_key) \
             SELECT '', 1, '', 1, 1, '', '', '' FROM json_each('[]') /* {index} */"
        ));
    })
}

pub(crate) fn measure() {
    for number in [0, 10, 20, 40, 80] {
        row(&format!("append, {number} triggers on the feed"), median(|| append_cost(&with_triggers(number))));
        row(&format!("preparing it, {number} triggers"), median(|| preparation_cost(&with_triggers(number))));
    }
    let real = || Bench::new(Durability::Normal);
    row("preparing an append of the kind conversation", median(|| preparation_cost(&real())));
    let unguarded = || {
        let bench = with_triggers(10);
        bench.sql("DROP TRIGGER events_only_at_the_end");
        append_cost(&bench)
    };
    row("append, 10 triggers, without the guard of the log", median(unguarded));
    row("append, feed filled and emptied", median(|| append_cost(&with_triggers(10))));
    let replacing = || {
        let bench = with_triggers(10);
        replace_feed(&bench);
        append_cost(&bench)
    };
    row("append, feed by INSERT OR REPLACE (unsafe)", median(replacing));
}
