//! Several connections at once.

use clawstead_ledger::{AppendError, Engine, Expected};
use futures::future::join_all;

use crate::Checked;
use crate::scene::{agent, ledger, meta, number};

pub(super) async fn of_two_writers_one_wins<E: Engine>(engine: &E) -> Checked {
    let writers = [ledger(engine).await?, ledger(engine).await?];
    for version in 0..50 {
        let event = [agent("a", Expected::Version(version))];
        let meta = meta();
        let outcomes = join_all(writers.iter().map(|writer| writer.append("agent", &event, &meta))).await;
        equal!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        equal!(outcomes.iter().filter(|outcome| matches!(outcome, Err(AppendError::Version))).count(), 1);
    }
    equal!(writers[0].head().await?, 50);
    Ok(())
}

pub(super) async fn none_of_many_writers_loses_a_line<E: Engine>(engine: &E) -> Checked {
    let mut writers = Vec::new();
    for _ in 0..4 {
        writers.push(ledger(engine).await?);
    }
    let write = async |writer: &clawstead_ledger::Ledger<E>| -> Result<(), AppendError> {
        for _ in 0..25 {
            writer.append("agent", &[agent("a", Expected::Any), agent("b", Expected::Any)], &meta()).await?;
        }
        Ok(())
    };
    for outcome in join_all(writers.iter().map(&write)).await {
        outcome?;
    }
    equal!(number(engine, "SELECT count(*) FROM events").await?, 200);
    equal!(number(engine, "SELECT max(position) FROM events").await?, 200);
    for key in ["a", "b"] {
        let of_one = format!("SELECT stream_version FROM agents WHERE agent_key = '{key}'");
        equal!(number(engine, &of_one).await?, 100);
    }
    Ok(())
}
