//! Destroying versions: first the event that says so, then the bytes, then the event that they are gone.

use clawstead_domain::Refusal;
use clawstead_domain::secret::SecretEvent;
use clawstead_ledger::{Engine, Expected, Rows, dedup_key};

use super::newest;
use crate::{Cx, OperationError, decide};

/// Destroys every version of a secret. Once more changes nothing.
///
/// # Errors
/// When there never was such a secret, or a bot that is linked needs it.
pub async fn destroy<E: Engine>(cx: &Cx<'_, E>, secret_ref: &str) -> Result<(), OperationError> {
    decide(async || {
        let newest = newest(cx, secret_ref).await?;
        if newest.version == 0 {
            return Err(Refusal::not_found("secret_not_found", "there is no such secret").into());
        }
        if newest.sealed_id.is_none() {
            return Ok(());
        }
        let withdrawn = SecretEvent::SecretWithdrawn { version: newest.version };
        match cx.append(secret_ref, Expected::Version(newest.stream_version), &[withdrawn]).await {
            Err(OperationError::Rule(rule)) if rule == "secret_in_use" => {
                Err(Refusal::conflict("secret_in_use", "a linked bot needs this token; link another bot first").into())
            }
            outcome => outcome,
        }
    })
    .await?;
    let sql = "SELECT sealed_id, secret_ref, version FROM retired_secrets WHERE secret_ref = ?1 AND held = 0";
    erase(cx, &cx.sql(sql, &[secret_ref.into()]).await?).await.map(drop)
}

/// Destroys at most `limit` versions that are of no more use: others took their place, or a crash kept them from being
/// destroyed. Gives how many.
///
/// # Errors
/// When the database does not answer; what is destroyed stays so.
pub async fn collect<E: Engine>(cx: &Cx<'_, E>, limit: i64) -> Result<i64, OperationError> {
    let sql = "SELECT sealed_id, secret_ref, version FROM retired_secrets WHERE held = 0 ORDER BY retired_at LIMIT ?1";
    erase(cx, &cx.sql(sql, &[limit.into()]).await?).await
}

async fn erase<E: Engine>(cx: &Cx<'_, E>, versions: &Rows) -> Result<i64, OperationError> {
    let mut erased = 0;
    for row in versions.iter() {
        let (Some(sealed_id), Some(secret_ref), Some(version)) =
            (row.text("sealed_id"), row.text("secret_ref"), row.integer("version"))
        else {
            return Err(OperationError::unexpected("a row of retired_secrets"));
        };
        cx.sql("DELETE FROM sealed_secrets WHERE sealed_id = ?1", &[sealed_id.into()]).await?;
        let key = dedup_key(&["secret_destroyed", &secret_ref, &version.to_string()]);
        cx.append_once(&secret_ref, Expected::Any, &[SecretEvent::SecretDestroyed { version }], key).await?;
        erased += 1;
    }
    Ok(erased)
}
