//! Renewals of leases. They are not in the log; what is known of them is what workers were told.

use std::collections::BTreeMap;

use crate::history::Exchange;
use crate::wire::Link;

/// The longest lease that any policy of a run gives, ms.
const LEASE_MOST_MS: i64 = 90_000;

/// What is known of the renewals of a lease.
#[derive(Debug, Default)]
pub(super) struct Renewals {
    /// The latest instant that its worker was told.
    pub(super) promised_until: i64,
    /// If every heartbeat was taken, also those that got no answer.
    pub(super) possible_until: i64,
}

/// Renewals by the lease.
pub(super) fn renewals(exchanges: &[Exchange]) -> BTreeMap<String, Renewals> {
    let mut found: BTreeMap<String, Renewals> = BTreeMap::new();
    for exchange in exchanges.iter().filter(|one| one.link == Link::WorkerToPlane) {
        let asked = exchange.asked();
        let is_call = asked["path"].as_str().is_some_and(|path| path.ends_with(":workerHeartbeat"));
        let lease = if exchange.path.ends_with("/v1/heartbeat") {
            asked["lease_id"].as_str()
        } else {
            asked["args"]["leaseId"].as_str().filter(|_| is_call)
        };
        let Some(lease) = lease else { continue };
        let of_lease = found.entry(lease.to_owned()).or_default();
        let possible = i64::try_from(exchange.answered_ms).unwrap_or(i64::MAX) + LEASE_MOST_MS;
        of_lease.possible_until = of_lease.possible_until.max(possible);
        if exchange.is_success() {
            let promised = exchange.json()["lease_expires_at"].as_i64().unwrap_or(0);
            of_lease.promised_until = of_lease.promised_until.max(promised);
        }
    }
    found
}
