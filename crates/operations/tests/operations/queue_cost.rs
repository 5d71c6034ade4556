//! What a claim costs does not depend on what else is in the queue. Counted in steps of SQLite's machine, not in time.

use std::path::Path;

use clawstead_operations::queue;
use clawstead_operations::workers::Registered;
use futures::executor::block_on;
use rusqlite::{Connection, StatementStatus};

use crate::recording::{Plans, Recording};
use crate::world::{START, World};

/// Conversations with a message each, straight into the views: 100,000 through the log would take a minute.
fn fill(world: &World, prefix: &str, number: i64, head: &str) {
    let conversations = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number}) \
         INSERT INTO conversations SELECT '{prefix}' || i, 1, 'a', NULL, 0, 0, 1, {START}, NULL, NULL FROM n"
    );
    let heads = format!(
        "INSERT INTO queue_heads (conversation_id, message_id, agent_key, worker_id, paused, rank, ready_at, has_bot) \
         SELECT conversation_id, 'm-' || conversation_id, 'a', {head}, 0 FROM conversations WHERE conversation_id LIKE '{prefix}%'"
    );
    let messages = "INSERT OR IGNORE INTO messages SELECT message_id, conversation_id, 1, 1, 'a', 'x', 'queued', 50, 0, ready_at, rank, \
                    0, 0, 5, NULL, NULL, NULL, NULL, NULL FROM queue_heads";
    for sql in [&conversations, &heads, messages] {
        world.rows(sql);
    }
}

/// Steps of the statement that looks for the head of whichever conversation waits longest, and whether it finds one.
fn steps(world: &World, worker: &Registered) -> (i32, bool) {
    let file = world.folder.path().join("test.db");
    let sql = claim_statement(&file, world);
    let connection = Connection::open(&file).unwrap();
    let mut statement = connection.prepare(&sql).unwrap();
    let params = (world.now(), &worker.worker_id, world.now() - 60_000, 0);
    let found = statement.exists(params).unwrap();
    (statement.get_status(StatementStatus::VmStep), found)
}

/// The statement as the operation writes it.
fn claim_statement(file: &Path, world: &World) -> String {
    let plans = Plans::default();
    let ledger = clawstead_ledger::Ledger::new(block_on(Recording::open(file, &plans)).unwrap());
    let nobody = world.worker();
    let worker = world.call(&nobody).unwrap();
    let zeros = |buffer: &mut [u8]| buffer.fill(0);
    // Long ago, when nothing was ready: it must look and not take.
    let cx =
        clawstead_operations::Cx { ledger: &ledger, now: 0, entropy: &zeros, actor: String::new(), correlation: String::new() };
    assert!(block_on(queue::claim(&cx, &worker, None)).unwrap().is_none());
    let plans = plans.borrow();
    plans.keys().find(|sql| sql.contains("FROM queue_heads") && sql.contains("LIMIT 1")).unwrap().clone()
}

#[test]
fn a_claim_is_as_cheap_among_many_as_among_few() {
    let (few, many) = (World::new(), World::new());
    fill(&few, "c", 10, &format!("NULL, 0, {START} - 50000, {START}"));
    fill(&many, "c", 100_000, &format!("NULL, 0, {START} - 50000, {START}"));
    let cost = |world: &World| steps(world, &world.worker());
    assert_eq!(cost(&few), cost(&many));
    assert!(cost(&many).1);
}

#[test]
fn heads_that_wait_for_later_or_for_their_agent_are_not_walked() {
    let world = World::new();
    let day = START + 86_400_000;
    fill(&world, "later", 50_000, &format!("NULL, 0, {day} - 100000, {day}"));
    fill(&world, "paused", 50_000, &format!("NULL, 1, {START} - 50000, {START}"));
    let worker = world.worker();
    let (nothing, found) = steps(&world, &worker);
    assert!(!found && nothing < 100, "{nothing} steps to find nothing");
    fill(&world, "ready", 1, &format!("NULL, 0, {START} - 50000, {START}"));
    let (something, found) = steps(&world, &worker);
    assert!(found && something < 200, "{something} steps to find one");
}

/// Messages in flight have no head; what a worker that is there owns is passed over one by one, at a bounded cost each.
#[test]
fn what_others_own_costs_little() {
    let world = World::new();
    let owner = world.worker();
    fill(&world, "owned", 1_000, &format!("'{}', 0, {START} - 60000, {START}", owner.worker_id));
    fill(&world, "free", 50_000, &format!("NULL, 0, {START} - 50000, {START}"));
    let (cost, found) = steps(&world, &world.worker());
    assert!(found && cost < 1_000 * 60, "{cost} steps past 1,000 conversations of others");
}
