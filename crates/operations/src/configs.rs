//! Policies, as the operator set them.

use std::collections::HashMap;

use clawstead_domain::config::{ConfigEvent, Policy};
use clawstead_ledger::{Engine, Expected};

use crate::{Cx, OperationError, decide};

/// All policies that were ever set, read at once.
#[derive(Debug, Default)]
pub struct Policies(HashMap<String, String>);

impl Policies {
    /// One policy: as it was set, or its default.
    ///
    /// # Errors
    /// When what was set is not what this release understands.
    pub fn get<P: Policy>(&self) -> Result<P, OperationError> {
        let Some(value) = self.0.get(P::NAME) else {
            return Ok(P::default());
        };
        serde_json::from_str(value).map_err(|error| OperationError::Unexpected(format!("policy {}: {error}", P::NAME)))
    }
}

/// All policies, as of this request.
///
/// # Errors
/// When the database does not answer.
pub async fn load<E: Engine>(cx: &Cx<'_, E>) -> Result<Policies, OperationError> {
    let rows = cx.settled("SELECT name, value FROM configs", &[]).await?;
    Ok(Policies(rows.iter().filter_map(|row| Some((row.text("name")?, row.text("value")?))).collect()))
}

/// Sets a policy. The same again is no event.
///
/// # Errors
/// When a value cannot be.
pub async fn set<E: Engine, P: Policy>(cx: &Cx<'_, E>, policy: &P) -> Result<(), OperationError> {
    policy.check()?;
    let value = serde_json::to_value(policy).map_err(|error| OperationError::Unexpected(error.to_string()))?;
    let text = value.to_string();
    decide(async || {
        let rows = cx.sql("SELECT stream_version, value FROM configs WHERE name = ?1", &[P::NAME.into()]).await?;
        let known = rows.first();
        if known.and_then(|row| row.text("value")).is_some_and(|known| known == text) {
            return Ok(());
        }
        let version = known.and_then(|row| row.integer("stream_version")).unwrap_or(0);
        cx.append(P::NAME, Expected::Version(version), &[ConfigEvent::ConfigChanged { value: value.clone() }]).await
    })
    .await
}
