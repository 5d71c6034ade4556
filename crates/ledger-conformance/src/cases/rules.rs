//! Rules across streams, which only the database can see.

use clawstead_ledger::{AppendError, Engine, Expected};

use crate::Checked;
use crate::scene::{agent, binding, claimed, difference, event, ledger, message, meta, number, views, worker};

pub(super) async fn a_raised_rule_refuses_the_append_with_its_name<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    ledger.append("agent", &[agent("a", Expected::Any)], &meta()).await?;
    ledger.append("conversation", &[message("c", "m", "hi")], &meta()).await?;
    let before = views(engine).await?;
    let outcome = ledger.append("conversation", &[claimed("c", "m", "nobody")], &meta()).await;
    fits!(outcome, Err(AppendError::Rule(rule)) if rule == "worker_not_claimable");
    equal!(ledger.head().await?, 2);
    equal!(difference(&views(engine).await?, &before), None);
    ledger.append("worker", &[worker("w")], &meta()).await?;
    ledger.append("conversation", &[claimed("c", "m", "w")], &meta()).await?;
    let drain = event("w", Expected::Any, "DrainRequested", serde_json::json!({ "reason": "silent", "deadline_at": 1 }));
    ledger.append("worker", &[drain], &meta()).await?;
    let outcome = ledger.append("conversation", &[message("d", "n", "hi"), claimed("d", "n", "w")], &meta()).await;
    fits!(outcome, Err(AppendError::Rule(rule)) if rule == "worker_not_claimable");
    equal!(ledger.load("conversation-d", 0, 1).await?, []);
    Ok(())
}

/// With `INSERT OR REPLACE` anywhere above the views' triggers, SQLite would delete the first binding without a word.
pub(super) async fn a_unique_index_refuses_the_append_and_keeps_what_it_guards<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    ledger.append("binding", &[binding("b1", "u1")], &meta()).await?;
    let before = views(engine).await?;
    let outcome = ledger.append("binding", &[binding("b2", "u2")], &meta()).await;
    fits!(outcome, Err(AppendError::Rule(rule)) if rule == "bindings.active_telegram_user_id,bot_id");
    equal!(ledger.head().await?, 1);
    equal!(difference(&views(engine).await?, &before), None);
    let revoked = event("b1", Expected::Version(1), "BindingRevoked", serde_json::json!({}));
    ledger.append("binding", &[revoked, binding("b2", "u2")], &meta()).await?;
    equal!(number(engine, "SELECT count(*) FROM bindings WHERE active_telegram_user_id = '7'").await?, 1);
    Ok(())
}

pub(super) async fn the_last_event_can_refuse_them_all<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    ledger.append("agent", &[agent("a", Expected::Any)], &meta()).await?;
    let mut events: Vec<_> = (0..50).map(|n| message(&format!("c{n}"), &format!("m{n}"), "hi")).collect();
    let mut of_another = message("c0", "m50", "hi");
    of_another.data["agent_key"] = "b".into();
    events.push(of_another);
    let outcome = ledger.append("conversation", &events, &meta()).await;
    fits!(outcome, Err(AppendError::Rule(rule)) if rule == "conversation_belongs_to_another_agent");
    equal!(ledger.head().await?, 1);
    equal!(number(engine, "SELECT count(*) FROM messages").await?, 0);
    equal!(number(engine, "SELECT count(*) FROM queue_counters").await?, 0);
    Ok(())
}
