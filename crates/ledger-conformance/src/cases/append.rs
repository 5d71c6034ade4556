//! Appending.

use clawstead_ledger::{AppendError, Engine, Expected, Meta};
use serde_json::json;

use crate::Checked;
use crate::scene::{agent, difference, event, ledger, meta, number, views};

pub(super) async fn a_line_is_read_back_as_it_was_handed_in<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    let mut new = event("x-1:y", Expected::Version(0), "SomethingHappened", json!({ "b": [1, null], "a": { "c": "d" } }));
    new.schema = 3;
    let meta = Meta { actor: "worker:w".into(), correlation: "c".into(), causation: Some("agent-x@1".into()) };
    ledger.append("agent", &[new], &meta).await?;
    let found = ledger.load("agent-x-1:y", 0, 10).await?;
    equal!(found.len(), 1);
    let line = &found[0];
    equal!((line.position, line.version, line.schema), (1, 1, 3));
    equal!((line.stream.as_str(), line.event_type.as_str(), line.at), ("agent-x-1:y", "SomethingHappened", crate::scene::NOW));
    equal!(line.data, json!({ "b": [1, null], "a": { "c": "d" } }));
    equal!(line.meta, json!({ "actor": "worker:w", "correlation": "c", "causation": "agent-x@1" }));
    Ok(())
}

pub(super) async fn versions_ascend_in_every_stream<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    for id in ["a", "b", "a", "a", "b"] {
        ledger.append("agent", &[agent(id, Expected::Any)], &meta()).await?;
    }
    let versions: Vec<_> = ledger.load("agent-a", 0, 10).await?.iter().map(|line| (line.position, line.version)).collect();
    equal!(versions, [(1, 1), (3, 2), (4, 3)]);
    ledger.append("agent", &[agent("a", Expected::Version(3)), agent("a", Expected::Version(4))], &meta()).await?;
    equal!(number(ledger.engine(), "SELECT stream_version FROM agents WHERE agent_key = 'a'").await?, 5);
    Ok(())
}

pub(super) async fn a_stale_version_is_refused<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    ledger.append("agent", &[agent("a", Expected::Version(0))], &meta()).await?;
    ledger.append("agent", &[agent("a", Expected::Version(1))], &meta()).await?;
    let before = views(engine).await?;
    for stale in [0, 1] {
        fits!(ledger.append("agent", &[agent("a", Expected::Version(stale))], &meta()).await, Err(AppendError::Version));
    }
    equal!(ledger.head().await?, 2);
    equal!(difference(&views(engine).await?, &before), None);
    Ok(())
}

pub(super) async fn a_version_that_is_not_there_yet_is_refused<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    fits!(ledger.append("agent", &[agent("a", Expected::Version(5))], &meta()).await, Err(AppendError::Version));
    ledger.append("agent", &[agent("a", Expected::Version(0))], &meta()).await?;
    fits!(ledger.append("agent", &[agent("a", Expected::Version(2))], &meta()).await, Err(AppendError::Version));
    equal!(ledger.head().await?, 1);
    Ok(())
}

pub(super) async fn several_streams_go_in_together<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    let events = [agent("a", Expected::Version(0)), agent("b", Expected::Any), agent("a", Expected::Version(1))];
    ledger.append("agent", &events, &meta()).await?;
    equal!(ledger.head().await?, 3);
    let streams: Vec<_> = ledger.load("agent-a", 0, 10).await?.iter().map(|line| line.position).collect();
    equal!(streams, [1, 3]);
    equal!(number(engine, "SELECT count(*) FROM agents").await?, 2);
    Ok(())
}

pub(super) async fn several_streams_stay_out_together<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    ledger.append("agent", &[agent("taken", Expected::Version(0))], &meta()).await?;
    let before = views(engine).await?;
    let events = [agent("a", Expected::Version(0)), agent("b", Expected::Version(0)), agent("taken", Expected::Version(0))];
    fits!(ledger.append("agent", &events, &meta()).await, Err(AppendError::Version));
    equal!(ledger.head().await?, 1);
    equal!(difference(&views(engine).await?, &before), None);
    Ok(())
}

pub(super) async fn refused_appends_leave_no_gap<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    for round in 0..10 {
        ledger.append("agent", &[agent("a", Expected::Version(round)), agent("b", Expected::Any)], &meta()).await?;
        let refused = [agent("c", Expected::Any), agent("a", Expected::Version(round))];
        fits!(ledger.append("agent", &refused, &meta()).await, Err(AppendError::Version));
    }
    equal!(ledger.head().await?, 20);
    equal!(number(engine, "SELECT count(*) FROM events").await?, 20);
    equal!(number(engine, "SELECT min(position) FROM events").await?, 1);
    Ok(())
}

pub(super) async fn nothing_is_appended_by_an_empty_append<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    ledger.append("agent", &[], &meta()).await?;
    equal!(ledger.head().await?, 0);
    Ok(())
}
