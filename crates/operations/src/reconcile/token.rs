//! The token of a worker between its minting and the end of its worker.
//!
//! The log has the hash from the start, but the machine that needs the token may be made by a later tick. Until nothing is
//! left of the worker, the token is kept sealed like any other secret.

use clawstead_domain::secret::SecretEvent;
use clawstead_ledger::{Engine, Expected};
use clawstead_vault::{KeyRing, Secret, mint_token};

use crate::{Cx, OperationError, decide, secrets};

/// A token is minted a moment before its worker is asked for; one that has none after so long will never get one.
const UNCLAIMED_MS: i64 = 600_000;

/// Mints the token of a worker that is about to be asked for.
pub(super) async fn mint<E: Engine>(cx: &Cx<'_, E>, keys: &KeyRing, worker_id: &str) -> Result<Secret<String>, OperationError> {
    let token = Secret::new(mint_token("cwk", cx.random()));
    secrets::import(cx, keys, &secret_ref(worker_id), token.expose()).await?;
    Ok(token)
}

/// Opens the token of a worker.
pub(super) async fn open<E: Engine>(cx: &Cx<'_, E>, keys: &KeyRing, worker_id: &str) -> Result<Secret<String>, OperationError> {
    let token = secrets::open(cx, keys, &secret_ref(worker_id)).await?;
    token.ok_or_else(|| OperationError::unexpected("the sealed token of a worker"))
}

/// Destroys the token of a worker; once more changes nothing. The bytes go first: a version that is recorded as destroyed
/// must not have any left.
pub(super) async fn destroy<E: Engine>(cx: &Cx<'_, E>, worker_id: &str) -> Result<(), OperationError> {
    let secret_ref = secret_ref(worker_id);
    cx.sql("DELETE FROM sealed_secrets WHERE secret_ref = ?1", &[(&secret_ref).into()]).await?;
    decide(async || {
        let sql = "SELECT stream_version, newest_version FROM secrets WHERE secret_ref = ?1 AND sealed_id IS NOT NULL";
        let rows = cx.sql(sql, &[(&secret_ref).into()]).await?;
        let Some(row) = rows.first() else {
            return Ok(());
        };
        let (Some(stream_version), Some(version)) = (row.integer("stream_version"), row.integer("newest_version")) else {
            return Err(OperationError::unexpected("a row of secrets"));
        };
        cx.append(&secret_ref, Expected::Version(stream_version), &[SecretEvent::SecretDestroyed { version }]).await
    })
    .await
}

/// Destroys at most `limit` tokens of workers that were never asked for, or that have stopped: a crash came in between. Gives
/// how many.
///
/// # Errors
/// When the database does not answer; what is destroyed stays so.
pub(crate) async fn sweep<E: Engine>(cx: &Cx<'_, E>, limit: i64) -> Result<i64, OperationError> {
    let sql = "SELECT w.worker_id FROM \
        (SELECT secret_ref, substr(secret_ref, 8, 36) AS worker_id FROM sealed_secrets \
          WHERE secret_ref >= 'worker.' AND secret_ref < 'worker/' \
          AND secret_ref LIKE 'worker.________-____-____-____-____________.token') w \
        JOIN secrets s ON s.secret_ref = w.secret_ref AND s.changed_at <= ?1 \
        WHERE NOT EXISTS (SELECT 1 FROM workers k WHERE k.worker_id = w.worker_id AND k.state <> 'stopped') LIMIT ?2";
    let left = cx.sql(sql, &[(cx.now - UNCLAIMED_MS).into(), limit.into()]).await?;
    let mut destroyed = 0;
    for worker_id in left.iter().filter_map(|row| row.text("worker_id")) {
        destroy(cx, &worker_id).await?;
        destroyed += 1;
    }
    Ok(destroyed)
}

fn secret_ref(worker_id: &str) -> String {
    format!("worker.{worker_id}.token")
}
