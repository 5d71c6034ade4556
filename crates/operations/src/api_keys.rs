//! Keys of consumer apps.

use clawstead_domain::Refusal;
use clawstead_domain::api_key::{self, ApiKeyEvent, Scope};
use clawstead_ledger::{Engine, Expected, Row};
use clawstead_vault::{mint_token, sha256_hex};
use serde::Serialize;

use crate::{Cx, OperationError};

/// A key that was just made. The only time anybody sees it.
#[derive(Debug, Serialize)]
pub struct NewKey {
    /// Its id, for revoking it.
    pub key_id: String,
    /// The key.
    pub key: String,
    /// For people.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

/// A key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApiKey {
    /// Its id.
    pub key_id: String,
    /// For people.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: i64,
    /// Since when it is refused.
    pub revoked_at: Option<i64>,
}

/// Makes a key.
///
/// # Errors
/// When the name or the scopes cannot be.
pub async fn create<E: Engine>(cx: &Cx<'_, E>, name: &str, scopes: Vec<Scope>) -> Result<NewKey, OperationError> {
    let key_id = cx.new_id();
    let key = mint_token("csk", cx.random());
    let event = api_key::create(name, sha256_hex(&key), scopes.clone())?;
    cx.append(&key_id, Expected::Version(0), &[event]).await?;
    Ok(NewKey { key_id, key, name: name.to_owned(), scopes })
}

/// Revokes a key; once more changes nothing.
///
/// # Errors
/// When there is no such key.
pub async fn revoke<E: Engine>(cx: &Cx<'_, E>, key_id: &str) -> Result<(), OperationError> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys WHERE key_id = ?1");
    let rows = cx.sql(&sql, &[key_id.into()]).await?;
    let known = rows.first().and_then(|row| key_of(&row));
    let known = known.ok_or_else(|| Refusal::not_found("api_key_not_found", "there is no such key"))?;
    if known.revoked_at.is_some() {
        return Ok(());
    }
    cx.append(key_id, Expected::Any, &[ApiKeyEvent::ApiKeyRevoked {}]).await
}

/// The unrevoked key with this value.
///
/// # Errors
/// When the database does not answer.
pub async fn find<E: Engine>(cx: &Cx<'_, E>, key: &str) -> Result<Option<ApiKey>, OperationError> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys WHERE hash = ?1 AND revoked_at IS NULL");
    Ok(cx.sql(&sql, &[sha256_hex(key).into()]).await?.first().and_then(|row| key_of(&row)))
}

/// Keys by id, after `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn list<E: Engine>(cx: &Cx<'_, E>, after: &str, limit: i64) -> Result<Vec<ApiKey>, OperationError> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys WHERE key_id > ?1 ORDER BY key_id LIMIT ?2");
    Ok(cx.sql(&sql, &[after.into(), limit.into()]).await?.iter().filter_map(|row| key_of(&row)).collect())
}

const COLUMNS: &str = "key_id, name, scopes, created_at, revoked_at";

fn key_of(row: &Row<'_>) -> Option<ApiKey> {
    Some(ApiKey {
        key_id: row.text("key_id")?,
        name: row.text("name")?,
        scopes: serde_json::from_str(&row.text("scopes")?).ok()?,
        created_at: row.integer("created_at")?,
        revoked_at: row.integer("revoked_at"),
    })
}
