//! Removing bytes that nobody owns.

use clawstead_ledger::Engine;

use super::Store;
use crate::{Cx, OperationError};

/// Pieces are removed in so many steps a call; the next one goes on.
const STEPS_MAX: i64 = 64;

/// Whether a file belongs to somebody: to a snapshot that awaits or holds it; else it is kept until an instant, and its upload
/// must not be overdue.
const HAS_OWNER: &str = "CASE WHEN f.kind = 'snapshot' \
    THEN EXISTS (SELECT 1 FROM snapshots s WHERE s.file_id = f.file_id AND s.status IN ('uploading', 'ready')) \
    ELSE f.keep_until > ?1 AND (f.state = 'stored' OR f.upload_by > ?1) END";

/// Removes files without an owner, a bounded number at once, each by itself. Gives how many are gone.
///
/// A file is doomed by one statement that looks for its owner at that moment, and an owner that has gone never comes back. So
/// nothing that is owned can be removed.
///
/// # Errors
/// When the database or the store does not do it; what is gone stays gone.
pub async fn collect<E: Engine>(cx: &Cx<'_, E>, store: &impl Store, limit: i64) -> Result<i64, OperationError> {
    let overdue = "SELECT file_id FROM files WHERE keep_until <= ?1 ORDER BY keep_until LIMIT ?2";
    doom(cx, overdue, &[cx.now.into(), limit.into()]).await?;
    for state in ["expected", "arriving"] {
        let unfinished = "SELECT file_id FROM files WHERE state = ?3 AND upload_by <= ?1 ORDER BY upload_by LIMIT ?2";
        doom(cx, unfinished, &[cx.now.into(), limit.into(), state.into()]).await?;
    }
    sweep_snapshots(cx, limit).await?;
    remove_doomed(cx, store, limit).await
}

async fn doom<E: Engine>(cx: &Cx<'_, E>, which: &str, params: &[clawstead_ledger::Value]) -> Result<(), OperationError> {
    let sql = format!(
        "UPDATE files SET state = 'doomed', keep_until = NULL WHERE file_id IN ({which}) AND state <> 'doomed' \
         AND NOT (SELECT {HAS_OWNER} FROM files f WHERE f.file_id = files.file_id)"
    );
    cx.sql(&sql, params).await?;
    Ok(())
}

/// Goes round all files of snapshots, some at a time: the end of a snapshot and the end of its bytes are two statements, and
/// a crash may come between.
async fn sweep_snapshots<E: Engine>(cx: &Cx<'_, E>, limit: i64) -> Result<(), OperationError> {
    let rows = cx.sql("SELECT after FROM sweeps WHERE name = 'files'", &[]).await?;
    let after = rows.first().and_then(|row| row.text("after")).unwrap_or_default();
    let page = "SELECT file_id FROM files WHERE kind = 'snapshot' AND file_id > ?1 ORDER BY file_id LIMIT ?2";
    let rows = cx.sql(page, &[(&after).into(), limit.into()]).await?;
    let files: Vec<String> = rows.iter().filter_map(|row| row.text("file_id")).collect();
    if let Some(last) = files.last() {
        let which = "SELECT file_id FROM files WHERE kind = 'snapshot' AND file_id > ?2 AND file_id <= ?3";
        doom(cx, which, &[cx.now.into(), (&after).into(), last.into()]).await?;
    }
    let has_more = i64::try_from(files.len()).is_ok_and(|count| count >= limit);
    let next = files.into_iter().next_back().filter(|_| has_more).unwrap_or_default();
    if next == after {
        return Ok(());
    }
    let note = "INSERT INTO sweeps (name, after) VALUES ('files', ?1) ON CONFLICT (name) DO UPDATE SET after = excluded.after";
    cx.sql(note, &[next.into()]).await?;
    Ok(())
}

async fn remove_doomed<E: Engine>(cx: &Cx<'_, E>, store: &impl Store, limit: i64) -> Result<i64, OperationError> {
    let sql = "SELECT file_id FROM files WHERE state = 'doomed' ORDER BY file_id LIMIT ?1";
    let doomed = cx.sql(sql, &[limit.into()]).await?;
    let (mut steps, mut gone) = (0, 0);
    for file_id in doomed.iter().filter_map(|row| row.text("file_id")) {
        while steps < STEPS_MAX {
            steps += 1;
            if store.remove_some(&file_id).await? {
                cx.sql("DELETE FROM files WHERE file_id = ?1 AND state = 'doomed'", &[(&file_id).into()]).await?;
                gone += 1;
                break;
            }
        }
    }
    Ok(gone)
}
