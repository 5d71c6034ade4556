use std::collections::BTreeSet;

use clawstead_domain::cleanup::{Finding, Thing};
use serde::Serialize;

use super::Order;
use crate::reconcile::Survey;

/// What a cleanup found, did, and left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether nothing was touched.
    pub dry_run: bool,
    /// The apps that were looked at.
    pub apps: Vec<String>,
    /// What is to go, and how.
    pub found: Vec<Finding>,
    /// Machines and volumes that carry another tag, or none. They are never touched.
    pub foreign: usize,
    /// Workers that were drained, or whose drain was cut short.
    pub drained: BTreeSet<String>,
    /// What is still there of what is to go.
    pub remaining: Vec<Finding>,
    /// What went wrong.
    pub errors: Vec<String>,
    /// Whether nothing is left of what was to go.
    pub complete: bool,
}

impl Report {
    pub(super) fn of(order: &Order, survey: &Survey, found: Vec<Finding>) -> Self {
        let machines = survey.listings.iter().flat_map(|listing| &listing.machines);
        let volumes = survey.listings.iter().flat_map(|listing| &listing.volumes);
        let foreign =
            machines.filter(|machine| machine.worker_id.is_none()).count() + volumes.filter(|volume| !volume.is_tagged).count();
        Self {
            dry_run: order.dry_run,
            apps: survey.places.keys().cloned().collect(),
            complete: found.is_empty() && survey.errors.is_empty(),
            remaining: found.clone(),
            found,
            foreign,
            drained: BTreeSet::new(),
            errors: survey.errors.clone(),
        }
    }

    /// How many things that were found are gone.
    pub(super) fn deleted(&self) -> i64 {
        self.gone().count() as i64
    }

    /// What was found and is not there any more.
    pub fn gone(&self) -> impl Iterator<Item = &Finding> {
        self.found.iter().filter(|finding| !self.remaining.iter().any(|left| left.is_same(finding)))
    }

    /// Why the cleanup did not come to its end.
    pub fn failure(&self) -> Option<String> {
        if self.complete {
            return None;
        }
        let left = |thing| self.remaining.iter().filter(|finding| finding.thing == thing).count();
        let mut why = format!("{} machines and {} volumes remain", left(Thing::Machine), left(Thing::Volume));
        if let Some(error) = self.errors.first() {
            why = format!("{why}; {error}");
        }
        Some(why)
    }
}
