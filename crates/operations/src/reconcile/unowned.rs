//! What the apps hold that belongs to no worker, for the operator to read.

use clawstead_domain::config::ProviderPolicy;
use clawstead_domain::plan::{Unowned, unowned};
use clawstead_ledger::Engine;
use serde::Serialize;

use super::{Outside, survey};
use crate::{Cx, OperationError, configs};

/// Machines and volumes without a worker, and why some may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnownedReport {
    /// The apps that were looked at.
    pub apps: Vec<String>,
    /// What belongs to no worker, by id.
    pub unowned: Vec<Unowned>,
    /// Apps that could not be listed, and why.
    pub errors: Vec<String>,
}

/// Looks at the apps that hold something of ours, and the one that new machines go to, and gives a page after the id `after`.
/// Nothing is touched.
///
/// # Errors
/// When the database does not answer.
pub async fn report_unowned<E: Engine>(
    cx: &Cx<'_, E>,
    outside: &Outside<'_>,
    after: &str,
    limit: i64,
) -> Result<UnownedReport, OperationError> {
    let provider: ProviderPolicy = configs::load(cx).await?.get()?;
    let survey = survey(cx, outside, &provider, None).await?;
    let mut unowned = unowned(&survey.workers, &survey.listings);
    unowned.retain(|one| one.id.as_str() > after);
    unowned.sort_by(|one, other| one.id.cmp(&other.id));
    unowned.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(UnownedReport { apps: survey.places.into_keys().collect(), unowned, errors: survey.errors })
}
