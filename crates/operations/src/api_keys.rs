//! Keys of consumer apps.

use clawstead_domain::Refusal;
use clawstead_domain::api_key::{self, ApiKeyEvent, Reach, Scope};
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
    /// For whom.
    #[serde(flatten)]
    pub reach: Reach,
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
    /// For whom.
    #[serde(flatten)]
    pub reach: Reach,
    /// When it was made.
    pub created_at: i64,
    /// Since when it is refused.
    pub revoked_at: Option<i64>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<i64>,
}

/// How exactly it is kept when a key was last used, ms.
const USED_EVERY_MS: i64 = 60_000;

/// Makes a key.
///
/// # Errors
/// When the name, the scopes or the reach cannot be.
pub async fn create<E: Engine>(cx: &Cx<'_, E>, name: &str, scopes: Vec<Scope>, reach: Reach) -> Result<NewKey, OperationError> {
    let key_id = cx.new_id();
    let key = mint_token("csk", cx.random());
    let event = api_key::create(name, sha256_hex(&key), scopes.clone(), reach.clone())?;
    cx.append(&key_id, Expected::Version(0), &[event]).await?;
    Ok(NewKey { key_id, key, name: name.to_owned(), scopes, reach })
}

/// Revokes a key; once more changes nothing.
///
/// # Errors
/// When there is no such key.
pub async fn revoke<E: Engine>(cx: &Cx<'_, E>, key_id: &str) -> Result<(), OperationError> {
    let sql = format!("SELECT {COLUMNS} WHERE k.key_id = ?1");
    let rows = cx.sql(&sql, &[key_id.into()]).await?;
    let known = rows.first().and_then(|row| key_of(&row));
    let known = known.ok_or_else(|| Refusal::not_found("api_key_not_found", "there is no such key"))?;
    if known.revoked_at.is_some() {
        return Ok(());
    }
    cx.append(key_id, Expected::Any, &[ApiKeyEvent::ApiKeyRevoked {}]).await
}

/// The unrevoked key with this value, as of this request, but for when it was last used.
///
/// # Errors
/// When the database does not answer.
pub async fn find<E: Engine>(cx: &Cx<'_, E>, key: &str) -> Result<Option<ApiKey>, OperationError> {
    let sql = "SELECT k.key_id, k.name, k.scopes, k.agents, k.users, c.companies, k.created_at, k.revoked_at, NULL AS last_used_at \
               FROM api_keys k LEFT JOIN api_key_companies c ON c.key_id = k.key_id WHERE k.hash = ?1 AND k.revoked_at IS NULL";
    Ok(cx.settled(sql, &[sha256_hex(key).into()]).await?.first().and_then(|row| key_of(&row)))
}

/// Keys by id, after `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn list<E: Engine>(cx: &Cx<'_, E>, after: &str, limit: i64) -> Result<Vec<ApiKey>, OperationError> {
    let sql = format!("SELECT {COLUMNS} WHERE k.key_id > ?1 ORDER BY k.key_id LIMIT ?2");
    Ok(cx.sql(&sql, &[after.into(), limit.into()]).await?.iter().filter_map(|row| key_of(&row)).collect())
}

/// Keeps that a key is in use. Costs a write, so it is not for every request.
///
/// # Errors
/// When the database does not answer.
pub async fn saw<E: Engine>(cx: &Cx<'_, E>, key_id: &str) -> Result<(), OperationError> {
    let sql = "INSERT INTO api_key_uses (key_id, last_used_at) VALUES (?1, ?2) \
               ON CONFLICT (key_id) DO UPDATE SET last_used_at = excluded.last_used_at \
               WHERE excluded.last_used_at - last_used_at >= ?3";
    cx.sql(sql, &[key_id.into(), cx.now.into(), USED_EVERY_MS.into()]).await.map(drop)
}

const COLUMNS: &str = "k.key_id, k.name, k.scopes, k.agents, k.users, c.companies, k.created_at, k.revoked_at, u.last_used_at \
    FROM api_keys k LEFT JOIN api_key_companies c ON c.key_id = k.key_id LEFT JOIN api_key_uses u ON u.key_id = k.key_id";

fn key_of(row: &Row<'_>) -> Option<ApiKey> {
    let list = |column| match row.text(column) {
        Some(text) => serde_json::from_str(&text).ok().map(Some),
        None => Some(None),
    };
    Some(ApiKey {
        reach: Reach { agents: list("agents")?, users: list("users")?, companies: list("companies")? },
        last_used_at: row.integer("last_used_at"),
        key_id: row.text("key_id")?,
        name: row.text("name")?,
        scopes: serde_json::from_str(&row.text("scopes")?).ok()?,
        created_at: row.integer("created_at")?,
        revoked_at: row.integer("revoked_at"),
    })
}
