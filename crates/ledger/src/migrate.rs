//! Bringing the schema up to date, once, whoever comes first.

use std::time::Duration;

use crate::Ledger;
use crate::engine::{Engine, EngineError};
use crate::migrations::{BOOKKEEPING, MIGRATIONS, SCHEMA_VERSION};
use crate::script::statements;

const LOCK_TTL_MS: i64 = 60_000;
const LOOKS: u32 = 600;
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Why the schema is not up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database did not do it. What was done stays, and the next attempt goes on from there.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A newer release has been here: this one does not know the schema.
    #[error("the schema has version {found}, this release knows {known}")]
    TooNew {
        /// Version of the database.
        found: i64,
        /// Newest version of this release.
        known: i64,
    },
    /// Another instance holds the migration lock for too long.
    #[error("another instance is migrating and does not finish")]
    Locked,
}

impl<E: Engine> Ledger<E> {
    /// Applies the migrations that are missing. Cheap when there are none: one read.
    ///
    /// `holder` names this caller uniquely, `now` is ms since the epoch.
    ///
    /// # Errors
    /// [`MigrateError`]
    pub async fn migrate(&self, holder: &str, now: i64) -> Result<(), MigrateError> {
        for look in 0..LOOKS {
            match self.schema_version().await {
                Some(version) if version == SCHEMA_VERSION => return Ok(()),
                Some(found) if found > SCHEMA_VERSION => return Err(MigrateError::TooNew { found, known: SCHEMA_VERSION }),
                _ => {}
            }
            self.run_script(BOOKKEEPING).await?;
            let waited_ms = i64::from(look) * LOOK_EVERY.as_millis() as i64;
            if let Some(lock) = self.try_lock("migrate", holder, now + waited_ms, LOCK_TTL_MS).await? {
                let outcome = self.apply_missing(now).await;
                self.unlock(&lock).await?;
                outcome?;
                continue;
            }
            self.engine().pause(LOOK_EVERY).await;
        }
        Err(MigrateError::Locked)
    }

    /// Number of the newest migration that is applied; `None` before the first.
    pub async fn schema_version(&self) -> Option<i64> {
        let rows = self.engine().execute("SELECT max(version) AS version FROM schema_migrations", &[]).await.ok()?;
        rows.first()?.integer("version")
    }

    async fn apply_missing(&self, now: i64) -> Result<(), EngineError> {
        let applied = self.schema_version().await.unwrap_or(0);
        for migration in MIGRATIONS.iter().filter(|migration| migration.version > applied) {
            self.run_script(&migration.script()).await?;
            let record =
                "INSERT INTO schema_migrations (version, name, applied_at) VALUES (?1, ?2, ?3) ON CONFLICT (version) DO NOTHING";
            self.engine().execute(record, &[migration.version.into(), migration.name.into(), now.into()]).await?;
        }
        Ok(())
    }

    async fn run_script(&self, script: &str) -> Result<(), EngineError> {
        for statement in statements(script) {
            self.engine().execute(&statement, &[]).await?;
        }
        Ok(())
    }
}
