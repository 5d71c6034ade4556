//! The log takes lines at its end and in no other way.

use clawstead_ledger::{Engine, Expected, KINDS, Ledger, TailQuery};

use crate::Checked;
use crate::scene::{agent, fill, ledger, meta, number};

/// Runs statements that must all be refused, and checks that the log is as it was.
async fn refused<E: Engine>(ledger: &Ledger<E>, statements: &[&str]) -> Checked {
    let all = TailQuery { limit: 1_000, ..TailQuery::default() };
    let before = ledger.tail(&all).await?;
    for sql in statements {
        let outcome = ledger.engine().execute(sql, &[]).await;
        if outcome.is_ok() {
            return Err(format!("{sql} should be refused").into());
        }
        equal!(ledger.tail(&all).await?, before);
    }
    Ok(())
}

pub(super) async fn no_line_is_changed_or_removed<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    fill(&ledger).await?;
    let statements = [
        "UPDATE events SET data = '{}'",
        "UPDATE events SET position = position + 100",
        "UPDATE OR REPLACE events SET position = 1 WHERE position = 2",
        "UPDATE OR IGNORE events SET at = 0",
        "DELETE FROM events",
        "DELETE FROM events WHERE position = (SELECT max(position) FROM events)",
    ];
    refused(&ledger, &statements).await
}

/// REPLACE deletes rows without running their delete triggers.
pub(super) async fn no_line_is_replaced<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    let mut first = agent("a", Expected::Any);
    first.dedup_key = Some("k".into());
    ledger.append("agent", &[first, agent("a", Expected::Any)], &meta()).await?;
    let statements = [
        "REPLACE INTO events VALUES (1, 'agent-z', 1, 'Forged', 1, 0, '{}', '{}', NULL)",
        "REPLACE INTO events VALUES (2, 'agent-a', 2, 'Forged', 1, 0, '{}', '{}', NULL)",
        "REPLACE INTO events VALUES (3, 'agent-a', 1, 'Forged', 1, 0, '{}', '{}', NULL)",
        "REPLACE INTO events VALUES (3, 'agent-z', 1, 'Forged', 1, 0, '{}', '{}', 'k')",
        "REPLACE INTO events (stream, version, type, schema, at, data, meta) VALUES ('agent-a', 2, 'Forged', 1, 0, '{}', '{}')",
    ];
    refused(&ledger, &statements).await
}

/// Triggers inherit the conflict clause of the statement above them, so the guards must not be conflicts.
pub(super) async fn a_conflict_clause_on_the_intake_changes_nothing<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    let mut first = agent("a", Expected::Any);
    first.dedup_key = Some("k".into());
    ledger.append("agent", &[first, agent("a", Expected::Any)], &meta()).await?;
    let intake = "INTO agent_intake (stream, version, type, schema, at, data, meta, dedup_key) VALUES";
    let statements = [
        format!("REPLACE {intake} ('agent-a', 1, 'Forged', 1, 0, '{{}}', '{{}}', NULL)"),
        format!("REPLACE {intake} ('agent-a', NULL, 'Forged', 1, 0, '{{}}', '{{}}', 'k')"),
        format!("INSERT OR IGNORE {intake} ('agent-a', 2, 'Forged', 1, 0, '{{}}', '{{}}', NULL)"),
    ];
    refused(&ledger, &statements.each_ref().map(String::as_str)).await
}

pub(super) async fn a_line_has_the_next_position_and_version<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    ledger.append("agent", &[agent("a", Expected::Any)], &meta()).await?;
    let statements = [
        "INSERT INTO events VALUES (3, 'agent-a', 2, 'Forged', 1, 0, '{}', '{}', NULL)",
        "INSERT INTO events VALUES (0, 'agent-a', 2, 'Forged', 1, 0, '{}', '{}', NULL)",
        "INSERT INTO events VALUES (-1, 'agent-a', 2, 'Forged', 1, 0, '{}', '{}', NULL)",
        "INSERT INTO events VALUES (2, 'agent-a', 3, 'Forged', 1, 0, '{}', '{}', NULL)",
        "INSERT INTO events VALUES (2, 'agent-b', 2, 'Forged', 1, 0, '{}', '{}', NULL)",
        "INSERT INTO events VALUES (2, 'agent-a', 2, 'Forged', 1, 0, 'no JSON', '{}', NULL)",
        "INSERT INTO events VALUES (2, 'agent-a', 2, 'Forged', 0, 0, '{}', '{}', NULL)",
    ];
    refused(&ledger, &statements).await
}

pub(super) async fn intakes_and_feeds_stay_empty<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    fill(&ledger).await?;
    for kind in KINDS {
        for table in ["intake", "feed"] {
            equal!(number(engine, &format!("SELECT count(*) FROM {kind}_{table}")).await?, 0);
        }
    }
    Ok(())
}
