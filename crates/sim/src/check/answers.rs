//! Nothing is answered with a 5xx, unless something went wrong while it was asked.

use super::Findings;
use crate::history::{Exchange, Mishap, Place};
use crate::wire::Link;
use crate::world::Remains;

/// What was asked just before may still be hit by a fault, ms.
const ECHO_MS: u64 = 5_000;

/// How clawstead says that somebody else is in trouble.
const BAD_GATEWAY: u16 = 502;

/// How it says that the database is busy, does not work, or is full.
const OF_THE_DATABASE: [u16; 2] = [503, 507];

pub(super) fn check(exchanges: &[Exchange], remains: &Remains, findings: &mut Findings) {
    let mishaps = remains.history.mishaps();
    for exchange in exchanges.iter().filter(|one| is_to_plane(one)) {
        if exchange.status.is_some_and(|status| status >= 500 && !is_excused(exchange, status, &mishaps)) {
            findings.add("no-failure-without-a-fault", describe(exchange));
        }
    }
    in_calm(exchanges, remains, findings);
}

/// When nothing goes wrong any more, everything is answered, and nothing with a 5xx.
fn in_calm(exchanges: &[Exchange], remains: &Remains, findings: &mut Findings) {
    let calm = remains.calm_ms.unsigned_abs() + ECHO_MS;
    // What is under way when the run ends is cut off.
    let end = remains.end_ms.unsigned_abs();
    for exchange in exchanges.iter().filter(|one| one.arrived_ms > calm && one.answered_ms < end) {
        if is_to_plane(exchange) && exchange.status.is_none_or(|status| status >= 500) {
            findings.add("no-failure-in-calm", describe(exchange));
        }
    }
}

fn is_to_plane(exchange: &Exchange) -> bool {
    !matches!(exchange.link, Link::PlaneToFly | Link::PlaneToTelegram | Link::WorkerToTelegram)
}

/// Something was done to the process meanwhile; or to its database, and the answer says that; or the answer is that somebody else is in
/// trouble, and he was.
fn is_excused(exchange: &Exchange, status: u16, mishaps: &[Mishap]) -> bool {
    let meanwhile = |one: &&Mishap| one.from_ms <= exchange.answered_ms && exchange.arrived_ms <= one.until_ms;
    let fits = |one: &Mishap| match one.place {
        Place::Process => true,
        Place::Database => OF_THE_DATABASE.contains(&status),
        Place::Outside => status == BAD_GATEWAY,
    };
    mishaps.iter().filter(meanwhile).any(fits)
}

fn describe(exchange: &Exchange) -> String {
    let (link, method, path, json) = (exchange.link.name(), &exchange.method, &exchange.path, exchange.json());
    format!("{link} {method} {path} -> {:?} {} at {}", exchange.status, json["code"], exchange.arrived_ms)
}
