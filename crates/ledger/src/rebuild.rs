//! Making all views anew from the log, while traffic goes on.
//!
//! Fresh tables and triggers are made beside the live ones and fed from the log, a chunk a statement. What is appended
//! meanwhile is caught up with; the last few events and the renaming happen in one transaction on a connection of its own.
//! It is the only transaction in this project: a trigger cannot rename a table, and it is held for tens of milliseconds
//! (ARCHITECTURE.md has the figures).
//!
//! Only tables are renamed, never under a trigger: SQLite's renaming reads `excluded` in the upsert of a trigger as one more
//! name of the table, and writes the table's new name in its place. The live triggers are made anew from their files.

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
        let at_start = |cause| RebuildError::Engine { after: 0, cause };
        let mut done = Rebuilt { events: 0, chunks: 0 };
        remove_older(self.engine(), shadow.fence).await.map_err(at_start)?;
        run_all(self.engine(), &shadow.creation).await.map_err(at_start)?;
        while replay_chunk(self.engine(), shadow, &mut done, chunk).await? >= chunk {
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
    // The lock may have run out, and another rebuild may have come and gone: its views are as good, and newer.
    let newest = "SELECT 1 FROM ledger_locks WHERE name = 'rebuild' AND fence = ?1";
    if engine.execute(newest, &[shadow.fence.into()]).await.map_err(failed(done.events))?.first().is_none() {
        return Err(RebuildError::Running);
    }
    while replay_chunk(engine, shadow, done, chunk).await? > 0 {}
    run_all(engine, &shadow.swap).await.map_err(failed(done.events))?;
    engine.execute("COMMIT", &[]).await.map_err(failed(done.events))?;
    Ok(())
}

/// Positions have no gaps, so the number of replayed events is also the position reached.
async fn replay_chunk<E: Engine>(engine: &E, shadow: &Shadow, done: &mut Rebuilt, chunk: i64) -> Result<i64, RebuildError> {
    let failed = |cause| RebuildError::Engine { after: done.events, cause };
    let rows = engine.execute("SELECT coalesce(max(position), 0) AS head FROM events", &[]).await.map_err(failed)?;
    let head = rows.first().and_then(|row| row.integer("head")).unwrap_or(0);
    let next = head.min(done.events + chunk);
    if next == done.events {
        return Ok(0);
    }
    engine.execute(&shadow.replay, &[done.events.into(), next.into()]).await.map_err(failed)?;
    let replayed = next - done.events;
    *done = Rebuilt { events: next, chunks: done.chunks + 1 };
    Ok(replayed)
}

/// Drops what rebuilds before this one left half done. Never what a later one is making.
async fn remove_older<E: Engine>(engine: &E, fence: i64) -> Result<(), EngineError> {
    let rows = engine.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'rebuild%'", &[]).await?;
    for name in rows.iter().filter_map(|row| row.text("name")) {
        let of = name.strip_prefix("rebuild").and_then(|rest| rest.split('_').next()).and_then(|digits| digits.parse().ok());
        if of.is_some_and(|of: i64| of < fence) {
            engine.execute(&format!("DROP TABLE {name}"), &[]).await?;
        }
    }
    Ok(())
}

async fn run_all<E: Engine>(engine: &E, statements: &[String]) -> Result<(), EngineError> {
    for statement in statements {
        engine.execute(statement, &[]).await?;
    }
    Ok(())
}

/// The fresh set of one rebuild: every feed and view table as `rebuild<fence>_<name>`. Two rebuilds, of which one slept
/// through the end of its lock, share nothing.
struct Shadow {
    fence: i64,
    creation: Vec<String>,
    replay: String,
    swap: Vec<String>,
}

impl Shadow {
    fn new(fence: i64) -> Self {
        let fresh = |name: &str| format!("rebuild{fence}_{name}");
        let feeds = KINDS.iter().flat_map(|kind| statements(&kind_script(kind)).into_iter().take(1));
        let all: Vec<String> = feeds.chain(view_scripts().flat_map(statements)).collect();
        let names: HashMap<_, _> = all
            .iter()
            .filter_map(|statement| match created(statement)? {
                (Object::Table | Object::Trigger, name) => Some((name.to_owned(), fresh(name))),
                // An index goes on living under this name, so it must not be the live one's.
                (Object::Index, name) => Some((name.to_owned(), format!("{name}_r{fence}"))),
                (Object::View, _) => None,
            })
            .collect();
        let of_views = |statement: &&String| matches!(created(statement), Some((Object::View, _)));
        let (sql_views, fresh_ones): (Vec<_>, Vec<_>) = all.iter().partition(of_views);
        let mut creation: Vec<String> = fresh_ones.into_iter().map(|statement| rename(statement, &names)).collect();
        creation.extend(intake(fence));
        let replay = format!(
            "INSERT INTO {} (position, kind, stream, version, type, schema, at, data) \
             SELECT position, substr(stream, 1, instr(stream, '-') - 1), stream, version, type, schema, at, data \
             FROM events WHERE position > ?1 AND position <= ?2 ORDER BY position",
            fresh("intake")
        );
        Self { fence, creation, replay, swap: swap(&fresh, &sql_views) }
    }
}

/// The live objects out, the fresh ones in their place. Dropping a table drops its indexes and triggers; nothing may name a
/// table while that is renamed, so whatever does goes first and comes back last.
fn swap(fresh: &impl Fn(&str) -> String, sql_views: &[&String]) -> Vec<String> {
    let names = sql_views.iter().filter_map(|statement| created(statement));
    let mut steps: Vec<String> = names.map(|(_, name)| format!("DROP VIEW {name}")).collect();
    // A trigger that follows a table of a view, and not a feed, may name others that go before its own.
    let on_feed = |statement: &str| statement.lines().next().is_some_and(|line| line.ends_with("_feed"));
    for statement in view_scripts().flat_map(statements).filter(|statement| !on_feed(statement)) {
        if let Some((Object::Trigger, name)) = created(&statement) {
            steps.extend([format!("DROP TRIGGER {name}"), format!("DROP TRIGGER {}", fresh(name))]);
        }
    }
    steps.push(format!("DROP TABLE {}", fresh("intake")));
    for kind in KINDS {
        let feed = format!("{kind}_feed");
        steps.extend([format!("DROP TABLE {kind}_intake"), format!("DROP TABLE {feed}"), format!("DROP TABLE {}", fresh(&feed))]);
    }
    for name in VIEW_TABLES {
        steps.extend([format!("DROP TABLE {name}"), format!("ALTER TABLE {} RENAME TO {name}", fresh(name))]);
    }
    steps.extend(KINDS.iter().flat_map(|kind| statements(&kind_script(kind))));
    let followers = |statement: &String| matches!(created(statement), Some((Object::Trigger | Object::View, _)));
    steps.extend(view_scripts().flat_map(statements).filter(followers));
    steps
}

/// Replay enters here: like the intakes, but without the log. A trigger for each kind, of which an event meets one: were they
/// one, each event would pass as many statements as there are kinds.
fn intake(fence: i64) -> Vec<String> {
    let fresh = format!("rebuild{fence}");
    let intake = format!("CREATE TABLE {fresh}_intake (position, kind, stream, version, type, schema, at, data, CHECK (0))");
    let route = |kind: &&str| {
        format!(
            "CREATE TRIGGER {fresh}_intake_{kind} BEFORE INSERT ON {fresh}_intake WHEN NEW.kind = '{kind}'\nBEGIN\n  \
             INSERT INTO {fresh}_{kind}_feed (position, stream, id, version, type, schema, at, data)\n  \
             VALUES (NEW.position, NEW.stream, substr(NEW.stream, length('{kind}-') + 1), NEW.version, NEW.type, NEW.schema, NEW.at, \
             NEW.data);\n  DELETE FROM {fresh}_{kind}_feed;\n  SELECT RAISE(IGNORE);\nEND"
        )
    };
    std::iter::once(intake).chain(KINDS.iter().map(route)).collect()
}
