//! What must hold after every step.

use std::collections::BTreeMap;

use clawstead_ledger::Engine;
use clawstead_operations::workers::Worker;
use futures::executor::block_on;

use super::model::{Model, State};
use crate::world::World;

/// Compares the views with the model and with each other.
pub(super) fn hold(world: &World, model: &Model) {
    messages_are_as_the_model_says(world, model);
    counters_count(world, model);
    views_agree(world);
}

fn messages_are_as_the_model_says(world: &World, model: &Model) {
    let rows = block_on(world.ledger.engine().execute("SELECT * FROM messages", &[])).unwrap();
    assert_eq!(rows.rows.len(), model.messages.len(), "accepted messages, each once");
    for row in rows.iter() {
        let id = row.text("message_id").unwrap();
        let message = &model.messages[&id];
        assert_eq!(row.text("status").as_deref(), Some(message.state.word()), "{id}");
        assert_eq!(row.text("conversation_id").as_deref(), Some(message.conversation_id.as_str()));
        assert_eq!((row.integer("attempts"), row.integer("deliveries")), (Some(message.attempts), Some(message.deliveries)));
    }
}

fn counters_count(world: &World, model: &Model) {
    let mut counted: BTreeMap<&str, i64> = BTreeMap::new();
    for message in model.messages.values() {
        *counted.entry(message.state.word()).or_default() += 1;
    }
    let rows = block_on(world.ledger.engine().execute("SELECT status, sum(n) AS n FROM queue_counters GROUP BY status", &[]));
    for row in rows.unwrap().iter() {
        let status = row.text("status").unwrap();
        assert_eq!(row.integer("n"), Some(counted.remove(status.as_str()).unwrap_or(0)), "{status}");
    }
    assert!(counted.is_empty(), "not counted: {counted:?}");
}

/// Each of these gives rows only when something is wrong.
const WRONG: &[(&str, &str)] = &[
    (
        "a conversation has a head when it has a queued message and no lease",
        "SELECT c.conversation_id FROM conversations c WHERE \
         (EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = c.conversation_id AND m.status = 'queued') \
          AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.conversation_id = c.conversation_id)) \
         <> EXISTS (SELECT 1 FROM queue_heads h WHERE h.conversation_id = c.conversation_id)",
    ),
    (
        "a head is the oldest queued message, as that is",
        "SELECT h.* FROM queue_heads h LEFT JOIN messages m ON m.message_id = h.message_id \
         LEFT JOIN conversations c ON c.conversation_id = h.conversation_id WHERE m.seq IS NOT (SELECT min(seq) FROM messages o \
         WHERE o.conversation_id = h.conversation_id AND o.status = 'queued') OR m.status <> 'queued' OR m.ready_at <> h.ready_at \
         OR m.rank <> h.rank OR h.agent_key <> c.agent_key OR h.worker_id IS NOT c.worker_id \
         OR h.paused <> (SELECT NOT enabled FROM agents a WHERE a.agent_key = h.agent_key) \
         OR h.has_bot <> EXISTS (SELECT 1 FROM bots b WHERE b.agent_key = h.agent_key)",
    ),
    (
        "what is in flight is older than whatever is queued behind it",
        "SELECT l.* FROM leases l JOIN messages m ON m.message_id = l.message_id JOIN messages q \
         ON q.conversation_id = l.conversation_id AND q.status = 'queued' AND q.seq < m.seq",
    ),
    (
        "a message is in flight exactly when it has a lease",
        "SELECT m.* FROM messages m LEFT JOIN leases l ON l.message_id = m.message_id AND l.lease_id = m.lease_id \
         WHERE (m.status = 'processing') <> (l.lease_id IS NOT NULL)",
    ),
    (
        "a worker keeps one conversation",
        "SELECT worker_id FROM conversations WHERE worker_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1",
    ),
    (
        "a worker that takes no work keeps none",
        "SELECT c.* FROM conversations c JOIN workers w ON w.worker_id = c.worker_id WHERE w.state NOT IN ('requested', 'active') \
         AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.conversation_id = c.conversation_id)",
    ),
    (
        "views know the version of their streams",
        "SELECT s.name, s.version FROM (SELECT 'conversation-' || conversation_id AS name, stream_version AS version FROM conversations \
         UNION ALL SELECT 'agent-' || agent_key, stream_version FROM agents UNION ALL SELECT 'worker-' || worker_id, stream_version \
         FROM workers UNION ALL SELECT 'config-' || name, stream_version FROM configs) s \
         WHERE s.version IS NOT (SELECT max(version) FROM events e WHERE e.stream = s.name)",
    ),
    (
        "turns are numbered through",
        "SELECT c.conversation_id FROM conversations c WHERE c.turn_count <> (SELECT count(*) FROM turns t WHERE \
         t.conversation_id = c.conversation_id) OR c.turn_count <> (SELECT coalesce(max(turn_no), 0) FROM turns t WHERE \
         t.conversation_id = c.conversation_id)",
    ),
    (
        "conversations count their messages that have not ended",
        "SELECT c.conversation_id FROM conversations c WHERE c.open_count <> (SELECT count(*) FROM messages m WHERE \
         m.conversation_id = c.conversation_id AND m.status IN ('queued', 'processing'))",
    ),
    ("positions have no gaps", "SELECT count(*) AS n, max(position) AS head FROM events HAVING n <> head"),
];

fn views_agree(world: &World) {
    for (promise, wrong) in WRONG {
        assert_eq!(world.rows(wrong), Vec::<String>::new(), "{promise}");
    }
}

/// Conversations of which this worker must be able to claim: the head is ready, its agent enabled, and no other worker that
/// is there keeps the conversation.
pub(super) fn claimable(world: &World, model: &Model, worker: &Worker, wanted: Option<&str>) -> Vec<String> {
    if !worker.state.takes_work() {
        return Vec::new();
    }
    let free = |conversation_id: &&String| {
        let head = model.head(conversation_id).filter(|id| model.messages[*id].state == State::Queued);
        head.is_some_and(|head| is_free(world, model, worker, head)) && wanted.is_none_or(|wanted| wanted == *conversation_id)
    };
    model.order.keys().filter(free).cloned().collect()
}

fn is_free(world: &World, model: &Model, worker: &Worker, message_id: &str) -> bool {
    let sql = format!(
        "SELECT m.ready_at, a.enabled, c.worker_id AS owner, w.state, k.last_seen_at FROM messages m \
         JOIN conversations c ON c.conversation_id = m.conversation_id JOIN agents a ON a.agent_key = c.agent_key \
         LEFT JOIN workers w ON w.worker_id = c.worker_id LEFT JOIN worker_contacts k ON k.worker_id = c.worker_id \
         WHERE m.message_id = '{message_id}'"
    );
    let rows = block_on(world.ledger.engine().execute(&sql, &[])).unwrap();
    let row = rows.first().unwrap();
    let seen = row.integer("last_seen_at").unwrap_or(0);
    let there = row.text("state").as_deref() == Some("active") && seen > world.now() - model.lease.silent_after_ms;
    let of_another = row.text("owner").is_some_and(|owner| owner != worker.worker_id) && there;
    row.integer("ready_at").unwrap() <= world.now() && row.flag("enabled") && !of_another
}
