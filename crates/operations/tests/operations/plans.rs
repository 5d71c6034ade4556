//! No request looks through a table that grows, and none sorts one.

use std::collections::BTreeSet;

use futures::executor::block_on;

use crate::everything::every_operation;
use crate::recording::Plans;
use crate::world::World;

/// Walks and sorts that may be: part of the statement, what the plan says, and why it stays small.
const MAY_BE: &[(&str, &str, &str)] = &[
    ("FROM failed_boots", "SCAN failed_boots", "one row for each app"),
    ("", "VIRTUAL TABLE", "the elements of one JSON value"),
    ("_intake (meta", "ROW VALUES CLAUSE", "the events of one append"),
    ("FROM configs", "SCAN configs", "one row for every policy there is"),
    ("FROM queue_totals", "SCAN queue_totals", "a row for every state there is"),
    ("AS last_holder", "SCAN (subquery", "one row for every state of a message"),
    ("AS last_holder", "TEMP B-TREE", "one row for every state of a message"),
    ("ORDER BY s.superseded", "TEMP B-TREE", "good snapshots of one conversation: as many as the policy keeps, and one"),
    ("SELECT 'later'", "SCAN (subquery", "a bounded number of heads"),
    ("FROM bindings WHERE active_telegram_", "TEMP B-TREE", "bindings of one account or chat: one for each bot"),
    ("FROM vault_canaries", "SCAN vault_canaries", "at the start of an instance; a row for each master key there ever was"),
    ("count(*) FROM agents) - ", "SCAN", "when bindings of unknown bots are migrated, not a request of anybody's users"),
    ("w.state IN", "TEMP B-TREE FOR ORDER BY", "workers that have not stopped: as many as machines"),
    ("FROM machine_times", "SCAN machine_times", "workers that have not stopped: as many as machines"),
    ("FROM outbox_counters", "SCAN outbox_counters", "figures for people; a row for each bot and each way that a message ends"),
    ("FROM ticks", "SCAN ticks", "a row for each kind of work"),
    ("DELETE FROM lease_renewals", "SCAN lease_renewals", "the tick, not a request; messages in flight"),
    ("DELETE FROM lease_renewals", "SCAN leases", "the tick, not a request; messages in flight"),
];

fn is_suspect(line: &str) -> bool {
    line.starts_with("SCAN") || line.contains("TEMP B-TREE") || line.contains("AUTOMATIC")
}

#[test]
fn no_statement_walks_or_sorts_what_grows() {
    let plans = Plans::default();
    block_on(every_operation(&World::new(), &plans)).unwrap();
    let plans = plans.borrow();
    assert!(plans.len() > 40, "only {} statements were seen", plans.len());
    let mut slow = Vec::new();
    let mut used = BTreeSet::new();
    for (sql, plan) in plans.iter() {
        for line in plan.iter().filter(|line| is_suspect(line)) {
            match MAY_BE.iter().position(|(part, says, _)| sql.contains(part) && line.contains(says)) {
                Some(index) => drop(used.insert(index)),
                None => slow.push(format!("{line}\n    in {sql}")),
            }
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
    assert_eq!(used.len(), MAY_BE.len(), "an allowance that nothing needs: {used:?}");
}

#[test]
fn the_triggers_are_explained_too() {
    let plans = Plans::default();
    block_on(every_operation(&World::new(), &plans)).unwrap();
    let plans = plans.borrow();
    let (_, enqueue) = plans.iter().find(|(sql, _)| sql.starts_with("INSERT INTO conversation_intake")).unwrap();
    assert!(enqueue.iter().any(|line| line.contains("messages_conversation")), "{enqueue:#?}");
}

#[test]
fn a_worker_that_needs_a_bot_walks_only_heads_that_have_one() {
    let plans = Plans::default();
    block_on(every_operation(&World::new(), &plans)).unwrap();
    let plans = plans.borrow();
    let is_claim = |sql: &str| sql.contains("h.has_bot = 1") && sql.contains("ORDER BY h.rank");
    let (_, claim) = plans.iter().find(|(sql, _)| is_claim(sql)).unwrap();
    assert!(claim.iter().any(|line| line.contains("queue_heads_claim_with_bot")), "{claim:#?}");
}
