//! What may be said of secrets: never their values.

use clawstead_ledger::{Engine, Row};
use serde::Serialize;

use crate::{Cx, OperationError};

/// A secret, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecretView {
    /// Its name.
    pub secret_ref: String,
    /// Whether a version is in force.
    pub has_active: bool,
    /// The version in force.
    pub version: Option<i64>,
    /// When it was last imported, rotated or withdrawn.
    pub changed_at: Option<i64>,
    /// The master key that the version in force is sealed with.
    pub key_id: Option<String>,
}

const COLUMNS: &str = "s.secret_ref, s.newest_version, s.sealed_id, s.changed_at, b.key_id";

/// Where these secrets stand, in the order asked for.
///
/// # Errors
/// When the database does not answer.
pub async fn status<E: Engine>(cx: &Cx<'_, E>, secret_refs: &[String]) -> Result<Vec<SecretView>, OperationError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM json_each(?1) w JOIN secrets s ON s.secret_ref = w.value \
         LEFT JOIN sealed_secrets b ON b.sealed_id = s.sealed_id"
    );
    let wanted = serde_json::Value::from(secret_refs).to_string();
    let known: Vec<SecretView> = cx.sql(&sql, &[wanted.into()]).await?.iter().filter_map(|row| view_of(&row)).collect();
    let find = |secret_ref: &String| known.iter().find(|view| view.secret_ref == *secret_ref).cloned();
    Ok(secret_refs.iter().map(|secret_ref| find(secret_ref).unwrap_or_else(|| unknown(secret_ref))).collect())
}

/// Secrets by name, after `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn list<E: Engine>(cx: &Cx<'_, E>, after: &str, limit: i64) -> Result<Vec<SecretView>, OperationError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM secrets s LEFT JOIN sealed_secrets b ON b.sealed_id = s.sealed_id \
         WHERE s.secret_ref > ?1 ORDER BY s.secret_ref LIMIT ?2"
    );
    Ok(cx.sql(&sql, &[after.into(), limit.into()]).await?.iter().filter_map(|row| view_of(&row)).collect())
}

fn unknown(secret_ref: &str) -> SecretView {
    SecretView { secret_ref: secret_ref.to_owned(), has_active: false, version: None, changed_at: None, key_id: None }
}

/// A version whose bytes are missing is none.
fn view_of(row: &Row<'_>) -> Option<SecretView> {
    let key_id = row.text("key_id");
    Some(SecretView {
        secret_ref: row.text("secret_ref")?,
        has_active: key_id.is_some(),
        version: row.integer("newest_version").filter(|_| key_id.is_some()),
        changed_at: row.integer("changed_at"),
        key_id,
    })
}
