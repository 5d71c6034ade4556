//! Secrets: values sealed beside the log, their versions in it.

use clawstead_domain::secret;
use clawstead_ledger::{Engine, Expected, Row};
use clawstead_vault::{KeyRing, Sealed, Secret, constant_time_eq};

use crate::{Cx, OperationError, decide};

/// Seals a new version of a secret and makes it the active one. The sealed bytes come first, then the event: a crash in
/// between leaves bytes that nothing points at, never a version without its bytes.
///
/// # Errors
/// When the ref or the value cannot be.
pub async fn import<E: Engine>(cx: &Cx<'_, E>, keys: &KeyRing, secret_ref: &str, value: &str) -> Result<i64, OperationError> {
    secret::check(secret_ref, value)?;
    decide(async || put_in_force(cx, keys, secret_ref, newest(cx, secret_ref).await?, value).await).await
}

/// As [`import`], but a value that is the active one already gets no new version. Gives the version in force.
///
/// # Errors
/// As for [`import`]; also when the active version cannot be opened, which is never overwritten.
pub async fn import_if_new<E: Engine>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    secret_ref: &str,
    value: &str,
) -> Result<i64, OperationError> {
    secret::check(secret_ref, value)?;
    decide(async || {
        let newest = newest(cx, secret_ref).await?;
        match open(cx, keys, secret_ref).await? {
            Some(active) if constant_time_eq(active.expose().as_bytes(), value.as_bytes()) => Ok(newest.version),
            _ => put_in_force(cx, keys, secret_ref, newest, value).await,
        }
    })
    .await
}

/// The active version of a secret; when there is none, what `mint` makes becomes it. Of several who ask at once, all get the
/// same value.
///
/// # Errors
/// When it cannot be opened with these keys.
pub async fn open_or_mint<E: Engine>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    secret_ref: &str,
    mint: impl Fn() -> String,
) -> Result<Secret<String>, OperationError> {
    decide(async || {
        // Read before the value: if another puts one in force in between, the append below loses and is decided again.
        let newest = newest(cx, secret_ref).await?;
        if let Some(active) = open(cx, keys, secret_ref).await? {
            return Ok(active);
        }
        let minted = Secret::new(mint());
        put_in_force(cx, keys, secret_ref, newest, minted.expose()).await?;
        Ok(minted)
    })
    .await
}

/// Opens the active version of a secret.
///
/// # Errors
/// When it cannot be opened with these keys.
pub async fn open<E: Engine>(cx: &Cx<'_, E>, keys: &KeyRing, secret_ref: &str) -> Result<Option<Secret<String>>, OperationError> {
    let sql = "SELECT b.version, b.key_id, b.nonce, b.ciphertext FROM secrets s \
               JOIN sealed_secrets b ON b.sealed_id = s.sealed_id WHERE s.secret_ref = ?1";
    let rows = cx.sql(sql, &[secret_ref.into()]).await?;
    let Some((version, sealed)) = rows.first().and_then(|row| sealed_of(&row)) else {
        return Ok(None);
    };
    let opened = keys.open_text(secret_ref, version, &sealed);
    opened.map(Some).map_err(|cause| OperationError::Vault { secret_ref: secret_ref.to_owned(), cause })
}

/// Where a secret stands: the version of its stream, and the number of its newest version.
#[derive(Clone, Copy)]
struct Newest {
    stream_version: i64,
    version: i64,
}

async fn newest<E: Engine>(cx: &Cx<'_, E>, secret_ref: &str) -> Result<Newest, OperationError> {
    let rows = cx.sql("SELECT stream_version, newest_version FROM secrets WHERE secret_ref = ?1", &[secret_ref.into()]).await?;
    let integer = |column| rows.first().and_then(|row| row.integer(column)).unwrap_or(0);
    Ok(Newest { stream_version: integer("stream_version"), version: integer("newest_version") })
}

async fn put_in_force<E: Engine>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    secret_ref: &str,
    newest: Newest,
    value: &str,
) -> Result<i64, OperationError> {
    let version = newest.version + 1;
    let sealed_id = seal(cx, keys, secret_ref, version, value).await?;
    let event = secret::put_in_force(version, sealed_id);
    cx.append(secret_ref, Expected::Version(newest.stream_version), &[event]).await?;
    Ok(version)
}

/// Every attempt seals under an id of its own, so that two at once cannot put one's bytes under the other's event.
async fn seal<E: Engine>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    secret_ref: &str,
    version: i64,
    value: &str,
) -> Result<String, OperationError> {
    let sealed_id = cx.new_id();
    let sealed = keys.seal(secret_ref, version.unsigned_abs(), value.as_bytes(), cx.random());
    let sql =
        "INSERT INTO sealed_secrets (sealed_id, secret_ref, version, key_id, nonce, ciphertext) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let params = [
        (&sealed_id).into(),
        secret_ref.into(),
        version.into(),
        sealed.key_id.into(),
        sealed.nonce.to_vec().into(),
        sealed.ciphertext.into(),
    ];
    cx.sql(sql, &params).await?;
    Ok(sealed_id)
}

fn sealed_of(row: &Row<'_>) -> Option<(u64, Sealed)> {
    let sealed =
        Sealed { key_id: row.text("key_id")?, nonce: row.blob("nonce")?.try_into().ok()?, ciphertext: row.blob("ciphertext")? };
    Some((row.integer("version")?.unsigned_abs(), sealed))
}
