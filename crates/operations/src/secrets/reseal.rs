//! Sealing everything again with the active master key, so that an old one can be taken away.

use clawstead_domain::id;
use clawstead_ledger::{Engine, Row};
use clawstead_vault::KeyRing;
use serde::Serialize;

use super::sealed_of;
use crate::{Cx, OperationError};

/// Bytes that nobody points at are left alone for so long: their event may be about to come, ms.
const LEFTOVER_AFTER_MS: i64 = 3_600_000;

/// What a step did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Resealed {
    /// The master key that secrets are sealed with now.
    pub active_key_id: String,
    /// Versions that were looked at.
    pub seen: usize,
    /// Versions that were sealed again.
    pub resealed: usize,
    /// Bytes that nobody pointed at, and that are gone now.
    pub removed: usize,
    /// Secrets that cannot be opened with these keys; nothing was done to them.
    pub failed: Vec<String>,
    /// Hand this in as `after` for the next step; there is none when all was seen.
    pub next_after: Option<String>,
}

/// Looks at the next `limit` sealed versions after `after`, and seals again what another master key sealed. May be repeated and
/// interrupted at any point.
///
/// # Errors
/// When the database does not answer.
pub async fn reseal<E: Engine>(cx: &Cx<'_, E>, keys: &KeyRing, after: &str, limit: i64) -> Result<Resealed, OperationError> {
    let sql = "SELECT b.sealed_id, b.secret_ref, b.version, b.key_id, b.nonce, b.ciphertext, \
               EXISTS (SELECT 1 FROM secrets s WHERE s.secret_ref = b.secret_ref AND s.sealed_id = b.sealed_id) \
               OR EXISTS (SELECT 1 FROM retired_secrets r WHERE r.sealed_id = b.sealed_id) AS used \
               FROM sealed_secrets b WHERE b.sealed_id > ?1 ORDER BY b.sealed_id LIMIT ?2";
    let rows = cx.sql(sql, &[after.into(), limit.into()]).await?;
    let mut done = Resealed { active_key_id: keys.active_key_id().to_owned(), ..Resealed::default() };
    let mut last = None;
    for row in rows.iter() {
        one(cx, keys, &row, &mut done).await?;
        last = row.text("sealed_id");
    }
    done.next_after = last.filter(|_| i64::try_from(done.seen).is_ok_and(|seen| seen == limit));
    Ok(done)
}

async fn one<E: Engine>(cx: &Cx<'_, E>, keys: &KeyRing, row: &Row<'_>, done: &mut Resealed) -> Result<(), OperationError> {
    let (Some(sealed_id), Some(secret_ref), Some((version, sealed))) =
        (row.text("sealed_id"), row.text("secret_ref"), sealed_of(row))
    else {
        return Err(OperationError::unexpected("a row of sealed_secrets"));
    };
    done.seen += 1;
    if !row.flag("used") && sealed_id < id::time_sorted(cx.now - LEFTOVER_AFTER_MS, [0; 10]) {
        cx.sql("DELETE FROM sealed_secrets WHERE sealed_id = ?1", &[sealed_id.into()]).await?;
        done.removed += 1;
        return Ok(());
    }
    if sealed.key_id == keys.active_key_id() {
        return Ok(());
    }
    let Ok(value) = keys.open(&secret_ref, version, &sealed) else {
        done.failed.push(secret_ref);
        return Ok(());
    };
    let anew = keys.seal(&secret_ref, version, value.expose(), cx.random());
    // The old nonce, so that two at once do not put the later one's bytes back.
    let sql = "UPDATE sealed_secrets SET key_id = ?1, nonce = ?2, ciphertext = ?3 WHERE sealed_id = ?4 AND nonce = ?5";
    let params =
        [anew.key_id.into(), anew.nonce.to_vec().into(), anew.ciphertext.into(), sealed_id.into(), sealed.nonce.to_vec().into()];
    cx.sql(sql, &params).await?;
    done.resealed += 1;
    Ok(())
}
