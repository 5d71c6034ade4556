//! Migrations.

use clawstead_ledger::{Engine, Expected, Ledger, MigrateError, SCHEMA_VERSION};
use futures::future::join_all;

use crate::Checked;
use crate::scene::{NOW, agent, ledger, meta, number};

async fn schema<E: Engine>(engine: &E) -> Result<String, Box<dyn std::error::Error>> {
    let objects = engine.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name", &[]).await?;
    let applied = engine.execute("SELECT * FROM schema_migrations ORDER BY version", &[]).await?;
    Ok(format!("{:?} {:?}", objects.rows, applied.rows))
}

pub(super) async fn migrating_again_changes_nothing<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    equal!(ledger.schema_version().await, Some(SCHEMA_VERSION));
    ledger.append("agent", &[agent("a", Expected::Any)], &meta()).await?;
    let before = schema(engine).await?;
    ledger.migrate("again", NOW + 1).await?;
    equal!(schema(engine).await?, before);
    equal!(ledger.head().await?, 1);
    Ok(())
}

pub(super) async fn two_may_migrate_at_once<E: Engine>(engine: &E) -> Checked {
    let ledgers = [Ledger::new(engine.reopen().await?), Ledger::new(engine.reopen().await?)];
    for outcome in join_all(ledgers.iter().zip(["one", "two"]).map(|(ledger, holder)| ledger.migrate(holder, NOW))).await {
        outcome?;
    }
    for ledger in &ledgers {
        ledger.append("agent", &[agent("a", Expected::Any)], &meta()).await?;
    }
    equal!(number(engine, "SELECT count(*) - count(DISTINCT version) FROM schema_migrations").await?, 0);
    equal!(number(engine, "SELECT stream_version FROM agents").await?, 2);
    Ok(())
}

pub(super) async fn a_newer_schema_is_refused<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    engine.execute("INSERT INTO schema_migrations VALUES (1000000, 'of the future', 0)", &[]).await?;
    let before = schema(engine).await?;
    let refused = ledger.migrate("old", NOW).await;
    fits!(refused, Err(MigrateError::TooNew { found: 1_000_000, known: SCHEMA_VERSION }));
    equal!(schema(engine).await?, before);
    Ok(())
}

/// A migrator that dies leaves its lock, and the objects of a migration that it had not yet noted.
pub(super) async fn an_interrupted_migration_goes_on<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    let whole = schema(engine).await?;
    engine.execute("DELETE FROM schema_migrations WHERE version >= 20", &[]).await?;
    engine.execute("DROP VIEW due", &[]).await?;
    engine.execute("DROP TABLE turns", &[]).await?;
    engine.execute("DROP TRIGGER turns_on_appended", &[]).await?;
    ledger.try_lock("migrate", "dead", NOW - 60_000, 60_000).await?.ok_or("the lock is free")?;
    ledger.migrate("next", NOW).await?;
    equal!(schema(engine).await?, whole);
    Ok(())
}
