//! Reading the log.

use clawstead_ledger::{Engine, Expected, Ledger, TailQuery};
use serde_json::json;

use crate::Checked;
use crate::scene::{agent, event, ledger, meta};

/// Positions of all pages, and how many pages they took.
async fn pages<E: Engine>(ledger: &Ledger<E>, mut query: TailQuery) -> Result<(Vec<i64>, usize), Box<dyn std::error::Error>> {
    let mut positions = Vec::new();
    for pages in 1.. {
        let page = ledger.tail(&query).await?;
        positions.extend(page.events.iter().map(|event| event.position));
        query.after = page.next_after;
        if !page.has_more {
            return Ok((positions, pages));
        }
    }
    Err("no end".into())
}

pub(super) async fn an_empty_log_is_at_zero<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    equal!(ledger.head().await?, 0);
    let page = ledger.tail(&TailQuery { after: 5, limit: 10, ..TailQuery::default() }).await?;
    equal!((page.events.len(), page.next_after, page.has_more), (0, 5, false));
    equal!(ledger.load("agent-a", 0, 10).await?, []);
    Ok(())
}

pub(super) async fn a_stream_is_loaded_after_a_version<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    for id in ["a", "b", "a", "a-2", "a"] {
        ledger.append("agent", &[agent(id, Expected::Any)], &meta()).await?;
    }
    let versions = async |after, limit| -> Result<Vec<i64>, Box<dyn std::error::Error>> {
        Ok(ledger.load("agent-a", after, limit).await?.iter().map(|event| event.version).collect())
    };
    equal!(versions(0, 10).await?, [1, 2, 3]);
    equal!(versions(1, 1).await?, [2]);
    equal!(versions(3, 10).await?, Vec::<i64>::new());
    Ok(())
}

pub(super) async fn the_log_is_paged_by_position<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    let events: Vec<_> = (0..6).map(|n| agent(&format!("a{n}"), Expected::Any)).collect();
    ledger.append("agent", &events, &meta()).await?;
    for (limit, expected_pages) in [(1, 6), (2, 3), (4, 2), (6, 1), (7, 1)] {
        let (positions, taken) = pages(&ledger, TailQuery { limit, ..TailQuery::default() }).await?;
        equal!((positions, taken), (vec![1, 2, 3, 4, 5, 6], expected_pages));
    }
    Ok(())
}

pub(super) async fn a_page_can_be_of_one_stream_and_of_one_type<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    for _ in 0..3 {
        let disabled = event("a", Expected::Any, "AgentDisabled", json!({}));
        ledger.append("agent", &[agent("a", Expected::Any), agent("b", Expected::Any), disabled], &meta()).await?;
    }
    let of = async |stream: Option<&str>, event_type: Option<&str>| {
        let (stream, event_type) = (stream.map(str::to_owned), event_type.map(str::to_owned));
        pages(&ledger, TailQuery { after: 1, limit: 2, stream, event_type }).await.map(|(positions, _)| positions)
    };
    equal!(of(Some("agent-a"), None).await?, [3, 4, 6, 7, 9]);
    equal!(of(None, Some("AgentDisabled")).await?, [3, 6, 9]);
    equal!(of(Some("agent-a"), Some("AgentConfigured")).await?, [4, 7]);
    equal!(of(Some("agent-b"), Some("AgentDisabled")).await?, Vec::<i64>::new());
    Ok(())
}

pub(super) async fn deep_pages_are_complete<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    for round in 0..10 {
        let events: Vec<_> = (0..300).map(|n| agent(&format!("a{}", (round * 300 + n) % 7), Expected::Any)).collect();
        ledger.append("agent", &events, &meta()).await?;
    }
    let (positions, taken) = pages(&ledger, TailQuery { limit: 100, ..TailQuery::default() }).await?;
    equal!((positions, taken), ((1..=3_000).collect::<Vec<_>>(), 30));
    let of_one = TailQuery { limit: 10, stream: Some("agent-a3".into()), ..TailQuery::default() };
    equal!(pages(&ledger, of_one).await?.0, (1..=3_000).filter(|position| position % 7 == 4).collect::<Vec<_>>());
    Ok(())
}

/// Skipping it would let a reader believe it had seen everything.
pub(super) async fn an_unreadable_line_is_an_error<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    let sql = format!("INSERT INTO events VALUES (1, 'agent-a', 1, 'Deep', 1, 0, '{deep}', '{{}}', NULL)");
    engine.execute(&sql, &[]).await?;
    holds!(ledger.tail(&TailQuery { limit: 10, ..TailQuery::default() }).await.is_err());
    holds!(ledger.load("agent-a", 0, 10).await.is_err());
    Ok(())
}
