//! Dedup keys: a command that is repeated is accepted once, and told what came of it.

use clawstead_ledger::{AppendError, Engine, Event, Expected, NewEvent};

use crate::Checked;
use crate::scene::{agent, binding, difference, event, ledger, meta, views};

fn keyed(event: NewEvent, key: &str) -> NewEvent {
    NewEvent { dedup_key: Some(key.into()), ..event }
}

/// The first outcome that a repeat was told.
fn first(outcome: Result<(), AppendError>) -> Result<Event, Box<dyn std::error::Error>> {
    match outcome {
        Err(AppendError::Duplicate(event)) => Ok(*event),
        other => Err(format!("{other:?} should be a duplicate").into()),
    }
}

pub(super) async fn a_repeat_gives_the_first_outcome<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    ledger.append("agent", &[agent("other", Expected::Any)], &meta()).await?;
    ledger.append("agent", &[keyed(agent("a", Expected::Any), "k"), agent("a", Expected::Any)], &meta()).await?;
    let before = views(engine).await?;
    for _ in 0..3 {
        let repeat = [keyed(agent("a", Expected::Any), "k"), agent("a", Expected::Any)];
        let first = first(ledger.append("agent", &repeat, &meta()).await)?;
        equal!((first.position, first.stream.as_str(), first.version), (2, "agent-a", 1));
    }
    equal!(ledger.head().await?, 3);
    equal!(difference(&views(engine).await?, &before), None);
    Ok(())
}

pub(super) async fn a_repeat_is_one_even_when_the_version_has_moved_on<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    ledger.append("agent", &[keyed(agent("a", Expected::Version(0)), "k")], &meta()).await?;
    ledger.append("agent", &[agent("a", Expected::Version(1))], &meta()).await?;
    for version in [0, 1, 2, 7] {
        let outcome = ledger.append("agent", &[keyed(agent("a", Expected::Version(version)), "k")], &meta()).await;
        equal!(first(outcome)?.position, 1);
    }
    fits!(ledger.append("agent", &[keyed(agent("a", Expected::Version(0)), "k2")], &meta()).await, Err(AppendError::Version));
    equal!(ledger.by_dedup_key("k2").await?, None);
    Ok(())
}

pub(super) async fn a_key_counts_in_the_whole_log<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    ledger.append("agent", &[keyed(agent("a", Expected::Any), "k")], &meta()).await?;
    let elsewhere = event("queue", Expected::Any, "ConfigChanged", serde_json::json!({ "value": {} }));
    equal!(first(ledger.append("config", &[keyed(elsewhere, "k")], &meta()).await)?.stream, "agent-a");
    equal!(ledger.by_dedup_key("k").await?.map(|event| event.position), Some(1));
    equal!(ledger.by_dedup_key("K").await?, None);
    Ok(())
}

pub(super) async fn a_repeat_outweighs_a_broken_rule<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    ledger.append("binding", &[keyed(binding("b1", "u1"), "k")], &meta()).await?;
    let repeat = ledger.append("binding", &[keyed(binding("b2", "u2"), "k")], &meta()).await;
    equal!(first(repeat)?.stream, "binding-b1");
    Ok(())
}
