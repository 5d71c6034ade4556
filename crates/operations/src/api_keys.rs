//! Keys of consumer apps.

use clawstead_domain::Refusal;
use clawstead_domain::api_key::{self, ApiKeyEvent, Reach, Scope};
use clawstead_ledger::{Engine, Expected, Row, Value};
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
    let known = rows.first().map(|row| key_of(&row)).transpose()?;
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
    cx.settled(sql, &[sha256_hex(key).into()]).await?.first().map(|row| key_of(&row)).transpose()
}

/// Keys by id, after `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn list<E: Engine>(cx: &Cx<'_, E>, after: &str, limit: i64) -> Result<Vec<ApiKey>, OperationError> {
    let sql = format!("SELECT {COLUMNS} WHERE k.key_id > ?1 ORDER BY k.key_id LIMIT ?2");
    cx.sql(&sql, &[after.into(), limit.into()]).await?.iter().map(|row| key_of(&row)).collect()
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

fn key_of(row: &Row<'_>) -> Result<ApiKey, OperationError> {
    let unreadable = || OperationError::unexpected("a row of an API key");
    let text = |column| row.text(column).ok_or_else(unreadable);
    // No list is no limit, and so only what is there and empty is none: who forgets a column must not widen a key.
    let list = |column| match row.get(column) {
        Some(Value::Null) => Ok(None),
        Some(Value::Text(text)) => serde_json::from_str(text).map(Some).map_err(|_| unreadable()),
        _ => Err(unreadable()),
    };
    let instant = |column| match row.get(column) {
        Some(Value::Null) => Ok(None),
        Some(Value::Integer(at)) => Ok(Some(*at)),
        _ => Err(unreadable()),
    };
    Ok(ApiKey {
        reach: Reach { agents: list("agents")?, users: list("users")?, companies: list("companies")? },
        last_used_at: instant("last_used_at")?,
        key_id: text("key_id")?,
        name: text("name")?,
        scopes: serde_json::from_str(&text("scopes")?).map_err(|_| unreadable())?,
        created_at: instant("created_at")?.ok_or_else(unreadable)?,
        revoked_at: instant("revoked_at")?,
    })
}

#[cfg(test)]
mod tests {
    use clawstead_ledger::Rows;

    use super::*;

    /// A row of a key that is limited in every way, without this column.
    fn without(missing: &str) -> Result<ApiKey, OperationError> {
        let limited = || Value::Text(r#"["one"]"#.to_owned());
        let all = [
            ("key_id", Value::Text("k".to_owned())),
            ("name", Value::Text("shop".to_owned())),
            ("scopes", Value::Text(r#"["messages"]"#.to_owned())),
            ("agents", limited()),
            ("users", limited()),
            ("companies", limited()),
            ("created_at", Value::Integer(1)),
            ("revoked_at", Value::Null),
            ("last_used_at", Value::Null),
        ];
        let (columns, values) =
            all.into_iter().filter(|(name, _)| *name != missing).map(|(name, value)| (name.to_owned(), value)).unzip();
        let rows = Rows { columns, rows: vec![values] };
        rows.first().map(|row| key_of(&row)).unwrap()
    }

    #[test]
    fn a_column_that_is_missing_widens_no_key() {
        let only = || Some(vec!["one".to_owned()]);
        assert_eq!(without("").unwrap().reach, Reach { agents: only(), users: only(), companies: only() });
        for column in ["agents", "users", "companies", "scopes", "revoked_at"] {
            assert!(matches!(without(column), Err(OperationError::Unexpected(_))), "{column}");
        }
    }
}
