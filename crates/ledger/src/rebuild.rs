//! Making all views anew from the log, while traffic goes on.
//!
//! Fresh tables and triggers are made beside the live ones and fed from the log, a chunk a statement. What is appended
//! meanwhile is caught up with; the last few events and the renaming happen in one transaction on a connection of its own.
//! It is the only transaction in this project: a trigger cannot rename a table, and it is held for a few milliseconds
//! (ARCHITECTURE.md has the figures).

use std::collections::HashMap;

use crate::Ledger;
use crate::engine::{Engine, EngineError};
use crate::migrations::{KINDS, VIEW_TABLES, kind_script, view_scripts};
use crate::script::{Object, created, rename, statements};

const LOCK_TTL_MS: i64 = 3_600_000;

/// What a rebuild did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Events replayed.
    pub events: i64,
    /// Statements they took.
    pub chunks: i64,
}

/// Why the views are as they were.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// Another rebuild is running.
    #[error("another rebuild is running")]
    Running,
    /// The log cannot be replayed, or the database did not do it.
    #[error("after position {after}: {cause}")]
    Engine {
        /// Replay had come so far.
        after: i64,
        /// What the database said.
        cause: EngineError,
    },
}

impl<E: Engine> Ledger<E> {
    /// Replays the log into fresh views and puts them in the place of the live ones.
    ///
    /// `chunk` is the number of events a statement replays: other writers wait for at most that long. `progress` is told
    /// the position after every chunk.
    ///
    /// # Errors
    /// [`RebuildError`]; the live views are untouched then.
    pub async fn rebuild(
        &self,
        holder: &str,
        now: i64,
        chunk: i64,
        mut progress: impl FnMut(i64),
    ) -> Result<Rebuilt, RebuildError> {
        let at_start = |cause| RebuildError::Engine { after: 0, cause };
        let lock = self.try_lock("rebuild", holder, now, LOCK_TTL_MS).await.map_err(at_start)?.ok_or(RebuildError::Running)?;
        let outcome = self.rebuild_locked(&Shadow::new(lock.fence), chunk, &mut progress).await;
        self.unlock(&lock).await.map_err(at_start)?;
        outcome
    }

    async fn rebuild_locked(&self, shadow: &Shadow, chunk: i64, progress: &mut impl FnMut(i64)) -> Result<Rebuilt, RebuildError> {
        let mut done = Rebuilt { events: 0, chunks: 0 };
        let prepared = run_all(self.engine(), shadow.removal().into_iter().chain(shadow.creation())).await;
        prepared.map_err(|cause| RebuildError::Engine { after: 0, cause })?;
        while replay_chunk(self.engine(), &mut done, chunk).await? >= chunk {
            progress(done.events);
        }
        let swap = self.engine().reopen().await.map_err(|cause| RebuildError::Engine { after: done.events, cause })?;
        let swapped = swap_in(&swap, shadow, &mut done, chunk).await;
        if swapped.is_err() {
            // A failed COMMIT or statement leaves the transaction open; without one, this is refused and changes nothing.
            let _ = swap.execute("ROLLBACK", &[]).await;
        }
        swapped?;
        progress(done.events);
        Ok(done)
    }
}

async fn swap_in<E: Engine>(engine: &E, shadow: &Shadow, done: &mut Rebuilt, chunk: i64) -> Result<(), RebuildError> {
    let failed = |after| move |cause| RebuildError::Engine { after, cause };
    engine.execute("BEGIN IMMEDIATE", &[]).await.map_err(failed(done.events))?;
    while replay_chunk(engine, done, chunk).await? > 0 {}
    run_all(engine, shadow.swap()).await.map_err(failed(done.events))?;
    engine.execute("COMMIT", &[]).await.map_err(failed(done.events))?;
    Ok(())
}

/// Positions have no gaps, so the number of replayed events is also the position reached.
async fn replay_chunk<E: Engine>(engine: &E, done: &mut Rebuilt, chunk: i64) -> Result<i64, RebuildError> {
    let failed = |cause| RebuildError::Engine { after: done.events, cause };
    let rows = engine.execute("SELECT coalesce(max(position), 0) AS head FROM events", &[]).await.map_err(failed)?;
    let head = rows.first().and_then(|row| row.integer("head")).unwrap_or(0);
    let next = head.min(done.events + chunk);
    if next == done.events {
        return Ok(0);
    }
    let replay = "INSERT INTO rebuild_intake (position, kind, stream, version, type, schema, at, data) \
                  SELECT position, substr(stream, 1, instr(stream, '-') - 1), stream, version, type, schema, at, data \
                  FROM events WHERE position > ?1 AND position <= ?2 ORDER BY position";
    engine.execute(replay, &[done.events.into(), next.into()]).await.map_err(failed)?;
    let replayed = next - done.events;
    *done = Rebuilt { events: next, chunks: done.chunks + 1 };
    Ok(replayed)
}

async fn run_all<E: Engine>(engine: &E, statements: impl IntoIterator<Item = String>) -> Result<(), EngineError> {
    for statement in statements {
        engine.execute(&statement, &[]).await?;
    }
    Ok(())
}

/// The fresh set: every feed and view table as `rebuild_<name>`, every index and trigger as `<name>_r<generation>`.
struct Shadow {
    creation: Vec<String>,
    sql_views: Vec<(String, String)>,
}

fn tables() -> impl Iterator<Item = String> {
    let feeds = KINDS.iter().map(|kind| format!("{kind}_feed"));
    feeds.chain(VIEW_TABLES.iter().map(|name| (*name).to_owned()))
}

impl Shadow {
    fn new(generation: i64) -> Self {
        let feeds = KINDS.iter().flat_map(|kind| statements(&kind_script(kind)).into_iter().take(1));
        let all: Vec<String> = feeds.chain(view_scripts().flat_map(statements)).collect();
        let mut names = HashMap::new();
        let mut sql_views = Vec::new();
        for statement in &all {
            match created(statement) {
                Some((Object::Table, name)) => drop(names.insert(name.to_owned(), format!("rebuild_{name}"))),
                Some((Object::Index | Object::Trigger, name)) => {
                    drop(names.insert(name.to_owned(), format!("{name}_r{generation}")));
                }
                Some((Object::View, name)) => sql_views.push((name.to_owned(), statement.clone())),
                None => {}
            }
        }
        let not_a_view = |statement: &&String| !matches!(created(statement), Some((Object::View, _)));
        let mut creation: Vec<String> = all.iter().filter(not_a_view).map(|statement| rename(statement, &names)).collect();
        creation.extend(intake());
        Self { creation, sql_views }
    }

    /// What an interrupted rebuild may have left.
    fn removal(&self) -> Vec<String> {
        let tables = tables().map(|name| format!("rebuild_{name}"));
        tables.chain(["rebuild_intake".to_owned()]).map(|name| format!("DROP TABLE IF EXISTS {name}")).collect()
    }

    fn creation(&self) -> Vec<String> {
        self.creation.clone()
    }

    /// The live objects out, the fresh ones in their place. Dropping a table drops its indexes and triggers; the intakes go
    /// first and come back last, because a renaming is refused while a trigger names a table that is gone.
    fn swap(&self) -> Vec<String> {
        let mut steps: Vec<String> = KINDS.iter().map(|kind| format!("DROP TABLE {kind}_intake")).collect();
        steps.push("DROP TABLE rebuild_intake".to_owned());
        steps.extend(self.sql_views.iter().map(|(name, _)| format!("DROP VIEW {name}")));
        steps.extend(tables().map(|name| format!("DROP TABLE {name}")));
        steps.extend(tables().map(|name| format!("ALTER TABLE rebuild_{name} RENAME TO {name}")));
        steps.extend(KINDS.iter().flat_map(|kind| statements(&kind_script(kind))));
        steps.extend(self.sql_views.iter().map(|(_, statement)| statement.clone()));
        steps
    }
}

/// Replay enters here: like the intakes, but without the log.
fn intake() -> [String; 2] {
    let routes: String = KINDS
        .iter()
        .map(|kind| {
            format!(
                "  INSERT INTO rebuild_{kind}_feed (position, stream, id, version, type, schema, at, data)\n  \
                 SELECT NEW.position, NEW.stream, substr(NEW.stream, length('{kind}-') + 1), NEW.version, NEW.type, NEW.schema, NEW.at, NEW.data\n  \
                 WHERE NEW.kind = '{kind}';\n  DELETE FROM rebuild_{kind}_feed;\n"
            )
        })
        .collect();
    [
        "CREATE TABLE rebuild_intake (position, kind, stream, version, type, schema, at, data, CHECK (0))".to_owned(),
        format!(
            "CREATE TRIGGER rebuild_intake_route BEFORE INSERT ON rebuild_intake\nBEGIN\n{routes}  SELECT RAISE(IGNORE);\nEND"
        ),
    ]
}
