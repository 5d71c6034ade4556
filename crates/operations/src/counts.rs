//! Counting for a while: guesses, requests, failures. Operational rows; a lost one counts anew.

use clawstead_ledger::Engine;

use crate::{Cx, OperationError};

/// Names under which failed authentications are counted begin with this.
pub const FAILURES: &str = "auth_failed:";

/// How often something was counted, and until when that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// How often since the while began.
    pub count: i64,
    /// When it ends, and counting begins anew; ms since the epoch.
    pub ends_at: i64,
}

/// Counts `more` of something within a while of `window_ms` that begins with the first. One statement, whatever the count.
///
/// # Errors
/// When the database does not answer.
pub async fn add<E: Engine>(cx: &Cx<'_, E>, name: &str, more: i64, window_ms: i64) -> Result<Counted, OperationError> {
    let sql = "INSERT INTO counts (name, ends_at, count) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET \
               count = iif(ends_at <= ?4, excluded.count, count + excluded.count), \
               ends_at = iif(ends_at <= ?4, excluded.ends_at, ends_at) RETURNING count, ends_at";
    let rows = cx.sql(sql, &[name.into(), (cx.now + window_ms).into(), more.into(), cx.now.into()]).await?;
    let counted = rows.first().and_then(|row| Some(Counted { count: row.integer("count")?, ends_at: row.integer("ends_at")? }));
    counted.ok_or_else(|| OperationError::unexpected("a row of counts"))
}

/// What was counted under names that begin with `prefix`, by name, at most a hundred.
///
/// # Errors
/// When the database does not answer.
pub async fn beginning_with<E: Engine>(cx: &Cx<'_, E>, prefix: &str) -> Result<Vec<(String, Counted)>, OperationError> {
    let sql = "SELECT name, ends_at, count FROM counts WHERE name >= ?1 AND name < ?1 || char(1114111) ORDER BY name LIMIT 100";
    let rows = cx.sql(sql, &[prefix.into()]).await?;
    let live = rows.iter().filter_map(|row| {
        let counted = Counted { count: row.integer("count")?, ends_at: row.integer("ends_at")? };
        Some((row.text("name")?, counted)).filter(|_| counted.ends_at > cx.now)
    });
    Ok(live.collect())
}

/// Forgets at most `limit` counts whose while is over; gives how many.
///
/// # Errors
/// When the database does not answer.
pub async fn forget<E: Engine>(cx: &Cx<'_, E>, limit: i64) -> Result<i64, OperationError> {
    let sql =
        "DELETE FROM counts WHERE name IN (SELECT name FROM counts WHERE ends_at <= ?1 ORDER BY ends_at LIMIT ?2) RETURNING name";
    let rows = cx.sql(sql, &[cx.now.into(), limit.into()]).await?;
    Ok(i64::try_from(rows.iter().count()).unwrap_or(limit))
}
