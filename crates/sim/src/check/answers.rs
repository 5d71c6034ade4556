//! When nothing goes wrong any more, nothing is answered with a 5xx.

use super::Findings;
use crate::history::Exchange;
use crate::wire::Link;
use crate::world::Remains;

/// What was asked just before may still be hit by a fault, ms.
const ECHO_MS: u64 = 5_000;

pub(super) fn check(exchanges: &[Exchange], remains: &Remains, findings: &mut Findings) {
    let calm = remains.calm_ms.unsigned_abs() + ECHO_MS;
    // What is under way when the run ends is cut off.
    let end = remains.end_ms.unsigned_abs();
    for exchange in exchanges.iter().filter(|one| one.arrived_ms > calm && one.answered_ms < end) {
        let to_plane = !matches!(exchange.link, Link::PlaneToFly | Link::PlaneToTelegram | Link::WorkerToTelegram);
        let failed = exchange.status.is_none_or(|status| status >= 500);
        if to_plane && failed {
            let (link, method, path) = (exchange.link.name(), &exchange.method, &exchange.path);
            let text = format!("{link} {method} {path} -> {:?} at {}", exchange.status, exchange.arrived_ms);
            findings.add("no-failure-in-calm", text);
        }
    }
}
