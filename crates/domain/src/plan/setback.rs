//! What failed several times in a row, and how long that is a reason to wait: no region has room, no machine comes up.

use super::{Action, View};

/// Failures in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setback {
    /// So many.
    pub failures: i64,
    /// The last one.
    pub last_at: i64,
}

impl Setback {
    /// The next try is not before: the pause doubles with each failure, up to `most_ms`.
    fn ends_at(self, first_ms: i64, most_ms: i64) -> i64 {
        let doublings = u32::try_from((self.failures - 1).clamp(0, 40)).unwrap_or(0);
        self.last_at.saturating_add(first_ms.saturating_mul(1_i64 << doublings).min(most_ms))
    }
}

/// So long another region of the list is preferred to one that had no room.
const FULL_REGION_MS: i64 = 60_000;

/// Without another one it is asked again after this, and then after pauses that double, up to [`FULL_REGION_MS`].
const ONLY_REGION_MS: i64 = 5_000;

/// One boot that fails can be chance.
const BOOTS_BY_CHANCE: i64 = 1;

/// The pause after more than that; it doubles.
const BOOT_PAUSE_MS: i64 = 10_000;

const BOOT_PAUSE_MOST_MS: i64 = 900_000;

/// A region to make a machine in.
pub(super) struct Place<'a> {
    pub(super) region: &'a str,
    /// It had no room when it was last asked, so one machine is tried and no more.
    pub(super) is_in_doubt: bool,
}

/// The first region of the operator's list that has not just said that it has no room. When all have, the one whose turn it is
/// to be asked again.
pub(super) fn place<'a>(view: &View<'a>) -> Option<Place<'a>> {
    let regions = || view.provider.regions.iter();
    let setback = |region: &String| view.inventory.full_regions.get(region);
    let has_room = |region: &&String| setback(region).is_none_or(|full| view.now - full.last_at >= FULL_REGION_MS);
    if let Some(region) = regions().find(has_room) {
        return Some(Place { region, is_in_doubt: setback(region).is_some() });
    }
    let pause_is_over =
        |region: &&String| setback(region).is_some_and(|full| full.ends_at(ONLY_REGION_MS, FULL_REGION_MS) <= view.now);
    let region = regions().filter(pause_is_over).min_by_key(|region| setback(region).map(|full| full.last_at))?;
    Some(Place { region, is_in_doubt: true })
}

/// How many machines may be made after those that did not come up.
pub(super) enum Trust {
    /// As many as anything else allows.
    Full,
    /// One, to see whether it comes up; none while one is on the way.
    Only(usize),
    /// None, for a while.
    Held(Action),
}

/// An image that dies at every boot, or that cannot reach us, is not made again and again: it is tried with one machine, after
/// pauses that double.
pub(super) fn trust(view: &View<'_>) -> Trust {
    let Some(setback) = view.inventory.failed_boots.filter(|setback| setback.failures > BOOTS_BY_CHANCE) else {
        return Trust::Full;
    };
    let in_a_row = Setback { failures: setback.failures - BOOTS_BY_CHANCE, ..setback };
    let until = in_a_row.ends_at(BOOT_PAUSE_MS, BOOT_PAUSE_MOST_MS);
    if until > view.now {
        return Trust::Held(Action::HoldBack { failures: setback.failures, until });
    }
    let is_tried = |worker: &super::Worker| {
        worker.is_ours && worker.state.takes_work() && worker.last_claim_at.is_none() && worker.requested_at >= setback.last_at
    };
    Trust::Only(usize::from(!view.inventory.workers.iter().any(is_tried)))
}
