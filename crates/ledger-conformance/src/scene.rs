//! Ledgers, events and views for the cases.

use clawstead_ledger::{Engine, EngineError, Expected, Ledger, Meta, NewEvent, VIEW_TABLES};
use serde_json::{Value, json};

/// The instant of everything that happens in a case.
pub(crate) const NOW: i64 = 1_700_000_000_000;

/// A migrated ledger on a connection of its own.
pub(crate) async fn ledger<E: Engine>(engine: &E) -> Result<Ledger<E>, Box<dyn std::error::Error>> {
    let ledger = Ledger::new(engine.reopen().await?);
    ledger.migrate("scene", NOW).await?;
    Ok(ledger)
}

pub(crate) fn meta() -> Meta {
    Meta { actor: "operator:1".into(), correlation: "c-1".into(), causation: None }
}

pub(crate) fn event(id: &str, expected: Expected, event_type: &str, data: Value) -> NewEvent {
    NewEvent { id: id.into(), expected, event_type: event_type.into(), schema: 1, data, at: NOW, dedup_key: None }
}

/// An event of the kind `agent` that changes nothing but the agent's version.
pub(crate) fn agent(id: &str, expected: Expected) -> NewEvent {
    event(id, expected, "AgentConfigured", json!({ "version": "1" }))
}

/// An event of the kind `conversation`.
pub(crate) fn message(conversation_id: &str, message_id: &str, text: &str) -> NewEvent {
    let data = json!({
        "message_id": message_id, "agent_key": "a", "provider": "telegram", "provider_user_id": "5", "text": text,
        "external_id": null, "metadata": {}, "priority": 50, "max_attempts": 5, "ready_at": NOW, "rank": NOW,
    });
    event(conversation_id, Expected::Any, "MessageEnqueued", data)
}

/// An event of the kind `conversation`.
pub(crate) fn claimed(conversation_id: &str, message_id: &str, worker_id: &str) -> NewEvent {
    let data = json!({
        "message_id": message_id, "worker_id": worker_id, "lease_id": format!("l-{message_id}"), "epoch": 1, "delivery": 1,
        "expires_at": NOW + 90_000,
    });
    event(conversation_id, Expected::Any, "MessageClaimed", data)
}

/// An event of the kind `worker`.
pub(crate) fn worker(worker_id: &str) -> NewEvent {
    let data = json!({ "provider": "external", "name": null, "token_hash": format!("hash of {worker_id}") });
    event(worker_id, Expected::Any, "WorkerRequested", data)
}

/// An event of the kind `binding`: `user` speaks through the Telegram account 7 to the bot 9.
pub(crate) fn binding(binding_id: &str, user: &str) -> NewEvent {
    let data = json!({
        "consumer_user_id": user, "agent_key": "a", "conversation_id": format!("of-{user}"), "bot_id": "9",
        "telegram_user_id": "7", "telegram_chat_id": "7", "source": "manual",
    });
    event(binding_id, Expected::Version(0), "BindingMade", data)
}

/// Something in most views.
pub(crate) async fn fill<E: Engine>(ledger: &Ledger<E>) -> Result<(), Box<dyn std::error::Error>> {
    ledger.append("agent", &[agent("a", Expected::Any), agent("b", Expected::Any)], &meta()).await?;
    ledger.append("worker", &[worker("w"), worker("v")], &meta()).await?;
    ledger.append("binding", &[binding("b1", "u1")], &meta()).await?;
    for conversation in ["c1", "c2", "c3"] {
        let messages: Vec<_> = (1..=3).map(|n| message(conversation, &format!("{conversation}-{n}"), "hello")).collect();
        ledger.append("conversation", &messages, &meta()).await?;
    }
    ledger.append("conversation", &[claimed("c1", "c1-1", "w"), claimed("c2", "c2-1", "v")], &meta()).await?;
    let done = json!({ "message_id": "c1-1", "worker_id": "w", "lease_id": "l-c1-1" });
    ledger.append("conversation", &[event("c1", Expected::Any, "MessageCompleted", done)], &meta()).await?;
    let policy = event("queue", Expected::Any, "ConfigChanged", json!({ "value": { "default_priority": 10 } }));
    ledger.append("config", &[policy], &meta()).await?;
    Ok(())
}

/// Every row of every view, in an order that does not depend on how it was made.
pub(crate) async fn views<E: Engine>(engine: &E) -> Result<Vec<String>, EngineError> {
    let mut lines = Vec::new();
    for table in VIEW_TABLES {
        let rows = engine.execute(&format!("SELECT * FROM {table}"), &[]).await?;
        let mut of_table: Vec<_> = rows.rows.iter().map(|row| format!("{table}: {row:?}")).collect();
        of_table.sort_unstable();
        lines.push(format!("{table} has {:?}", rows.columns));
        lines.extend(of_table);
    }
    Ok(lines)
}

/// The single integer that a query gives.
pub(crate) async fn number<E: Engine>(engine: &E, sql: &str) -> Result<i64, EngineError> {
    let rows = engine.execute(sql, &[]).await?;
    match rows.rows.first().and_then(|row| row.first()) {
        Some(clawstead_ledger::Value::Integer(number)) => Ok(*number),
        other => Err(EngineError(format!("{sql} gave {other:?}"))),
    }
}

/// Where two states of the views differ first; `None` when they are equal.
pub(crate) fn difference(found: &[String], expected: &[String]) -> Option<String> {
    let at = found.iter().zip(expected).position(|(left, right)| left != right);
    let at = at.or((found.len() != expected.len()).then_some(found.len().min(expected.len())))?;
    Some(format!("{:?} should be {:?}", found.get(at), expected.get(at)))
}
