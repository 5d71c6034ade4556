//! Cleaning up at the providers, by order of the operator.
//!
//! Nothing goes without an order that says so: without one, the report says what would. What is busy is drained and not killed,
//! unless by force. Whatever a worker owns goes by way of its events, and ticks are done in between, so that the views never
//! fall behind. The end is looked for: what remains is named, and is an error.

mod counts;
mod execute;
mod report;
mod volume;

use clawstead_domain::Refusal;
use clawstead_domain::cleanup::{Reach, Scope, findings};
use clawstead_domain::config::{ProviderPolicy, ScalingPolicy};
use clawstead_ledger::Engine;

pub use counts::{Counts, counted};
pub use report::Report;
pub use volume::delete_volume;

use crate::provider::Timer;
use crate::reconcile::{self, Outside, Survey};
use crate::{Cx, OperationError, configs};

/// What the operator wants to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What.
    pub scope: Scope,
    /// Only in this app.
    pub app: Option<String>,
    /// Only report what would go.
    pub dry_run: bool,
    /// Also what is busy, and volumes that are kept, at once.
    pub force: bool,
    /// The name of the deployment, typed out: needed for everything.
    pub confirm: Option<String>,
}

impl Default for Order {
    fn default() -> Self {
        Self { scope: Scope::Orphans, app: None, dry_run: true, force: false, confirm: None }
    }
}

/// Reports what an order would remove; and removes it, unless it is a dry run. A report that is not [`Report::complete`] names
/// what remains: draining takes minutes, and the same order can be given again.
///
/// # Errors
/// When the order is not confirmed, when a tick is under way for too long, or when the database does not answer. Trouble at a
/// provider is in the report.
pub async fn run<E: Engine>(
    cx: &Cx<'_, E>,
    outside: &Outside<'_>,
    timer: &dyn Timer,
    deployment: &str,
    order: &Order,
) -> Result<Report, OperationError> {
    let confirmed = order.confirm.as_deref() == Some(deployment);
    if order.scope == Scope::Everything && !order.dry_run && !confirmed {
        return Err(Refusal::invalid("confirm", "must be the name of the deployment whose machines are to go").into());
    }
    let policies = configs::load(cx).await?;
    let (provider, scaling): (ProviderPolicy, ScalingPolicy) = (policies.get()?, policies.get()?);
    let reach = Reach { scope: order.scope, force: order.force, boot_timeout_ms: scaling.boot_timeout_ms };
    let survey = reconcile::survey(cx, outside, &provider, order.app.as_deref()).await?;
    let mut report = Report::of(order, &survey, findings_of(&survey, reach, cx.now));
    if !order.dry_run {
        let job = execute::Job { outside, timer, provider: &provider, scaling: &scaling, order, reach };
        job.run(cx, &mut report).await?;
        crate::tick::note(&cx.at(timer.now_ms()), "cleanup", report.deleted(), report.failure().as_deref()).await?;
    }
    Ok(report)
}

fn findings_of(survey: &Survey, reach: Reach, now: i64) -> Vec<clawstead_domain::cleanup::Finding> {
    findings(&survey.workers, &survey.listings, reach, now)
}
