//! Whether the master keys are the right ones, asked before anything is sealed or opened.

use clawstead_ledger::{Engine, EngineError, Row};
use clawstead_vault::{KeyRing, Sealed};

use super::sealed_of;
use crate::Cx;

/// Sealed under every key that ever was the active one. Its reference is none that a secret can have.
const REFERENCE: &str = "canary of a master key";
const TEXT: &str = "a canary that still sings";

/// Why the configured keys must not be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A key has the id of another one.
    #[error("key {0:?} is not the key of that id that secrets were sealed with")]
    Wrong(String),
    /// Secrets are sealed with a key that is not on the ring.
    #[error("key {0:?} is missing, and secrets are sealed with it")]
    Missing(String),
    /// The database does not answer.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Checks the key ring against what was sealed in earlier lives, and puts up a canary for an active key that is new. Nothing
/// that is sealed is changed.
///
/// # Errors
/// When a key is wrong or missing.
pub async fn check_keys<E: Engine>(cx: &Cx<'_, E>, keys: &KeyRing) -> Result<(), KeysError> {
    let mut active_is_known = false;
    for row in sql(cx, "SELECT key_id, nonce, ciphertext FROM vault_canaries", &[]).await?.iter() {
        let sealed = canary_of(&row).ok_or_else(|| EngineError("a row of vault_canaries cannot be read".to_owned()))?;
        active_is_known |= sealed.key_id == keys.active_key_id();
        if keys.has(&sealed.key_id) {
            keys.open(REFERENCE, 0, &sealed).map_err(|_| KeysError::Wrong(sealed.key_id))?;
        } else if sealed_with(cx, &sealed.key_id).await? {
            return Err(KeysError::Missing(sealed.key_id));
        }
    }
    if active_is_known {
        return Ok(());
    }
    let active = keys.active_key_id();
    if !opens_what_it_sealed(cx, keys).await? {
        return Err(KeysError::Wrong(active.to_owned()));
    }
    put_up(cx, keys).await
}

/// Two that start at once put up the first one's canary, so it is looked at again.
async fn put_up<E: Engine>(cx: &Cx<'_, E>, keys: &KeyRing) -> Result<(), KeysError> {
    let active = keys.active_key_id();
    let sealed = keys.seal(REFERENCE, 0, TEXT.as_bytes(), cx.random());
    let insert = "INSERT INTO vault_canaries (key_id, nonce, ciphertext) VALUES (?1, ?2, ?3) ON CONFLICT (key_id) DO NOTHING";
    sql(cx, insert, &[active.into(), sealed.nonce.to_vec().into(), sealed.ciphertext.into()]).await?;
    let select = "SELECT key_id, nonce, ciphertext FROM vault_canaries WHERE key_id = ?1";
    let there = sql(cx, select, &[active.into()]).await?.first().and_then(|row| canary_of(&row));
    match there.map(|sealed| keys.open(REFERENCE, 0, &sealed)) {
        Some(Ok(_)) => Ok(()),
        _ => Err(KeysError::Wrong(active.to_owned())),
    }
}

/// Whether the active key opens one of the secrets that bear its id; true when there are none.
async fn opens_what_it_sealed<E: Engine>(cx: &Cx<'_, E>, keys: &KeyRing) -> Result<bool, KeysError> {
    let select = "SELECT secret_ref, version, key_id, nonce, ciphertext FROM sealed_secrets WHERE key_id = ?1 LIMIT 1";
    let rows = sql(cx, select, &[keys.active_key_id().into()]).await?;
    let Some(row) = rows.first() else { return Ok(true) };
    let opened = || keys.open(&row.text("secret_ref")?, sealed_of(&row)?.0, &sealed_of(&row)?.1).ok();
    Ok(opened().is_some())
}

async fn sealed_with<E: Engine>(cx: &Cx<'_, E>, key_id: &str) -> Result<bool, KeysError> {
    Ok(sql(cx, "SELECT 1 AS found FROM sealed_secrets WHERE key_id = ?1 LIMIT 1", &[key_id.into()]).await?.first().is_some())
}

async fn sql<E: Engine>(
    cx: &Cx<'_, E>,
    statement: &str,
    params: &[clawstead_ledger::Value],
) -> Result<clawstead_ledger::Rows, EngineError> {
    cx.ledger.engine().execute(statement, params).await
}

fn canary_of(row: &Row<'_>) -> Option<Sealed> {
    Some(Sealed { key_id: row.text("key_id")?, nonce: row.blob("nonce")?.try_into().ok()?, ciphertext: row.blob("ciphertext")? })
}
