//! Secrets: values sealed beside the log, their versions in it.

mod canary;
mod destroy;
mod reseal;
mod status;

use clawstead_domain::secret;
use clawstead_ledger::{Engine, Expected, Row, Rows};
use clawstead_vault::{KeyRing, Sealed, Secret, constant_time_eq};

use crate::{Cx, OperationError, decide};

pub use canary::{KeysError, check_keys};
pub use destroy::{collect, destroy};
pub use reseal::{Resealed, reseal};
pub use status::{SecretView, list, status};

/// The version of a secret that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// Its number.
    pub version: i64,
    /// Where its sealed bytes are.
    pub sealed_id: String,
}

/// Seals a new version of a secret and makes it the active one. The sealed bytes come first, then the event: a crash in
/// between leaves bytes that nothing points at, never a version without its bytes.
///
/// # Errors
/// When the ref or the value cannot be.
pub async fn import<E: Engine>(cx: &Cx<'_, E>, keys: &KeyRing, secret_ref: &str, value: &str) -> Result<InForce, OperationError> {
    secret::check(secret_ref, value)?;
    decide(async || put_in_force(cx, keys, secret_ref, newest(cx, secret_ref).await?, value, false).await).await
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
) -> Result<InForce, OperationError> {
    secret::check(secret_ref, value)?;
    decide(async || {
        let newest = newest(cx, secret_ref).await?;
        match open(cx, keys, secret_ref).await? {
            Some(active) if constant_time_eq(active.expose().as_bytes(), value.as_bytes()) => {
                let sealed_id = newest.sealed_id.clone().ok_or(OperationError::Raced)?;
                Ok(InForce { version: newest.version, sealed_id })
            }
            _ => put_in_force(cx, keys, secret_ref, newest, value, false).await,
        }
    })
    .await
}

/// Makes what `mint` gives the active version, and holds the one before: both are good until somebody says otherwise. While a
/// version is held, nothing happens: whoever rotates again goes on with what is there.
///
/// # Errors
/// When the database does not answer.
pub async fn rotate_held<E: Engine>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    secret_ref: &str,
    mint: impl Fn() -> String,
) -> Result<(), OperationError> {
    decide(async || {
        let newest = newest(cx, secret_ref).await?;
        if held(cx, keys, secret_ref).await?.is_some() {
            return Ok(());
        }
        put_in_force(cx, keys, secret_ref, newest, Secret::new(mint()).expose(), true).await.map(drop)
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
        put_in_force(cx, keys, secret_ref, newest, minted.expose(), false).await?;
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
    opened(keys, secret_ref, &cx.sql(sql, &[secret_ref.into()]).await?)
}

/// Opens the version that is held beside the active one, if one is.
///
/// # Errors
/// As for [`open`].
pub async fn held<E: Engine>(cx: &Cx<'_, E>, keys: &KeyRing, secret_ref: &str) -> Result<Option<Secret<String>>, OperationError> {
    let sql = "SELECT b.version, b.key_id, b.nonce, b.ciphertext FROM retired_secrets r \
               JOIN sealed_secrets b ON b.sealed_id = r.sealed_id WHERE r.secret_ref = ?1 AND r.held = 1 \
               ORDER BY r.version DESC LIMIT 1";
    opened(keys, secret_ref, &cx.sql(sql, &[secret_ref.into()]).await?)
}

/// The number of the newest version; 0 for a secret that never was.
///
/// # Errors
/// When the database does not answer.
pub async fn newest_version<E: Engine>(cx: &Cx<'_, E>, secret_ref: &str) -> Result<i64, OperationError> {
    Ok(newest(cx, secret_ref).await?.version)
}

fn opened(keys: &KeyRing, secret_ref: &str, rows: &Rows) -> Result<Option<Secret<String>>, OperationError> {
    let Some((version, sealed)) = rows.first().and_then(|row| sealed_of(&row)) else {
        return Ok(None);
    };
    let opened = keys.open_text(secret_ref, version, &sealed);
    opened.map(Some).map_err(|cause| OperationError::Vault { secret_ref: secret_ref.to_owned(), cause })
}

/// Where a secret stands: the version of its stream, the number of its newest version, and its bytes unless they are withdrawn.
struct Newest {
    stream_version: i64,
    version: i64,
    sealed_id: Option<String>,
}

async fn newest<E: Engine>(cx: &Cx<'_, E>, secret_ref: &str) -> Result<Newest, OperationError> {
    let rows = cx
        .sql("SELECT stream_version, newest_version, sealed_id FROM secrets WHERE secret_ref = ?1", &[secret_ref.into()])
        .await?;
    let integer = |column| rows.first().and_then(|row| row.integer(column)).unwrap_or(0);
    let sealed_id = rows.first().and_then(|row| row.text("sealed_id"));
    Ok(Newest { stream_version: integer("stream_version"), version: integer("newest_version"), sealed_id })
}

async fn put_in_force<E: Engine>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    secret_ref: &str,
    newest: Newest,
    value: &str,
    holds_earlier: bool,
) -> Result<InForce, OperationError> {
    let version = newest.version + 1;
    let sealed_id = seal(cx, keys, secret_ref, version, value).await?;
    let event = secret::put_in_force(version, sealed_id.clone(), holds_earlier);
    match cx.append(secret_ref, Expected::Version(newest.stream_version), &[event]).await {
        Ok(()) => Ok(InForce { version, sealed_id }),
        Err(error) => {
            // Nobody will ever point at these bytes. When it is not known whether somebody does, they stay.
            if matches!(error, OperationError::Raced) {
                cx.sql("DELETE FROM sealed_secrets WHERE sealed_id = ?1", &[sealed_id.into()]).await?;
            }
            Err(error)
        }
    }
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
