//! Locks for work that only one may do at a time, across instances, processes and hosts.

use crate::Ledger;
use crate::engine::{Engine, EngineError};

/// A lock that is held until it is released or expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// What it guards.
    pub name: String,
    /// Grows with every holder: a later holder has a larger one.
    pub fence: i64,
    holder: String,
}

impl<E: Engine> Ledger<E> {
    /// Takes the lock `name` for `holder` until `now + ttl_ms`, if nobody has it. One statement, one winner.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn try_lock(&self, name: &str, holder: &str, now: i64, ttl_ms: i64) -> Result<Option<Lock>, EngineError> {
        // RETURNING, and no second look by the holder's name: two requests of one holder are two as well.
        let take = "INSERT INTO ledger_locks (name, holder, fence, expires_at) VALUES (?1, ?2, 1, ?4) \
                    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = fence + 1, expires_at = excluded.expires_at \
                    WHERE ledger_locks.expires_at <= ?3 RETURNING fence";
        let rows = self.engine().execute(take, &[name.into(), holder.into(), now.into(), (now + ttl_ms).into()]).await?;
        let fence = rows.first().and_then(|row| row.integer("fence"));
        Ok(fence.map(|fence| Lock { name: name.to_owned(), fence, holder: holder.to_owned() }))
    }

    /// Whether the lock is still held by whoever took it, with `fence` unchanged.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn still_holds(&self, lock: &Lock, now: i64) -> Result<bool, EngineError> {
        let sql = "SELECT 1 AS held FROM ledger_locks WHERE name = ?1 AND holder = ?2 AND fence = ?3 AND expires_at > ?4";
        let params = [(&lock.name).into(), (&lock.holder).into(), lock.fence.into(), now.into()];
        Ok(self.engine().execute(sql, &params).await?.first().is_some())
    }

    /// Gives the lock back. Of no effect when somebody else has it by now.
    ///
    /// # Errors
    /// When the database does not answer; the lock then expires by itself.
    pub async fn unlock(&self, lock: &Lock) -> Result<(), EngineError> {
        let sql = "UPDATE ledger_locks SET expires_at = 0 WHERE name = ?1 AND holder = ?2 AND fence = ?3";
        self.engine().execute(sql, &[(&lock.name).into(), (&lock.holder).into(), lock.fence.into()]).await?;
        Ok(())
    }
}
