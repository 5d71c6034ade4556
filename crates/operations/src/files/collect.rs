//! Removing bytes that nobody owns.

use clawstead_ledger::Engine;

use super::{Place, Store, Trace};
use crate::{Cx, OperationError};

/// Pieces are removed in so many steps a call; the next one goes on.
const STEPS_MAX: i64 = 64;

/// A page of an object store is looked at this often; listings cost money.
const STORE_SWEEP_EVERY_MS: i64 = 600_000;

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
    let gone = remove_doomed(cx, store, limit).await?;
    sweep_store(cx, store, limit).await?;
    Ok(gone)
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
    let after = sweep_after(cx, "files").await?;
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
    note_sweep(cx, "files", &next, cx.now).await
}

async fn sweep_after<E: Engine>(cx: &Cx<'_, E>, name: &str) -> Result<String, OperationError> {
    let rows = cx.sql("SELECT after FROM sweeps WHERE name = ?1", &[name.into()]).await?;
    Ok(rows.first().and_then(|row| row.text("after")).unwrap_or_default())
}

async fn note_sweep<E: Engine>(cx: &Cx<'_, E>, name: &str, after: &str, at: i64) -> Result<(), OperationError> {
    let sql = "INSERT INTO sweeps (name, after, at) VALUES (?1, ?2, ?3) \
               ON CONFLICT (name) DO UPDATE SET after = excluded.after, at = excluded.at";
    cx.sql(sql, &[name.into(), after.into(), at.into()]).await?;
    Ok(())
}

/// Goes round everything that a store outside the database has, a page at a time and not at every tick: bytes that became whole
/// after their row had gone, because a process was held up. A row comes before its bytes and goes after them, and ids do not
/// come again, so what has no row is nobody's.
async fn sweep_store<E: Engine>(cx: &Cx<'_, E>, store: &impl Store, limit: i64) -> Result<(), OperationError> {
    if store.place() == Place::Sqlite {
        return Ok(());
    }
    for (name, of) in [("store_bytes", Trace::Bytes), ("store_parts", Trace::Parts)] {
        let sql = "SELECT after FROM sweeps WHERE name = ?1 AND at > ?2";
        if cx.sql(sql, &[name.into(), (cx.now - STORE_SWEEP_EVERY_MS).into()]).await?.first().is_some() {
            continue;
        }
        let after = sweep_after(cx, name).await?;
        let found = store.traces(of, &after, limit).await?;
        let sql = "SELECT value FROM json_each(?1) WHERE NOT EXISTS (SELECT 1 FROM files WHERE file_id = value)";
        let strays = cx.sql(sql, &[serde_json::json!(found).to_string().into()]).await?;
        for file_id in strays.iter().filter_map(|row| row.text("value")) {
            store.remove_some(store.place(), &file_id).await?;
        }
        note_sweep(cx, name, found.last().map_or("", String::as_str), cx.now).await?;
    }
    Ok(())
}

async fn remove_doomed<E: Engine>(cx: &Cx<'_, E>, store: &impl Store, limit: i64) -> Result<i64, OperationError> {
    let sql = "SELECT file_id, store FROM files WHERE state = 'doomed' ORDER BY file_id LIMIT ?1";
    let doomed = cx.sql(sql, &[limit.into()]).await?;
    let (mut steps, mut gone, mut trouble) = (0, 0, None);
    for (file_id, place) in doomed.iter().filter_map(|row| Some((row.text("file_id")?, Place::parse(&row.text("store")?)?))) {
        while steps < STEPS_MAX {
            steps += 1;
            match store.remove_some(place, &file_id).await {
                Ok(true) => {
                    cx.sql("DELETE FROM files WHERE file_id = ?1 AND state = 'doomed'", &[(&file_id).into()]).await?;
                    gone += 1;
                    break;
                }
                Ok(false) => {}
                // One file that cannot be removed keeps no other.
                Err(error) => {
                    trouble.get_or_insert(error);
                    break;
                }
            }
        }
    }
    trouble.map_or(Ok(gone), Err)
}
