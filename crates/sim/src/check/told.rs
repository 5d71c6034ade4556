//! What a worker was told to be done is in the log.

use std::collections::BTreeSet;

use super::Findings;
use super::log::Event;
use crate::history::Exchange;
use crate::wire::Link;

pub(super) fn check(events: &[Event], exchanges: &[Exchange], findings: &mut Findings) {
    let done = events.iter().filter(|event| event.type_ == "MessageCompleted");
    let done: BTreeSet<&str> = done.map(|event| event.text("lease_id")).collect();
    for exchange in exchanges.iter().filter(|one| one.link == Link::WorkerToPlane && one.is_success()) {
        let asked = exchange.asked();
        let is_call = asked["path"].as_str().is_some_and(|path| path.ends_with(":workerComplete"));
        let lease = if exchange.path.ends_with("/v1/complete") {
            asked["lease_id"].as_str()
        } else {
            asked["args"]["leaseId"].as_str().filter(|_| is_call && exchange.json()["value"] == true)
        };
        if let Some(lease) = lease.filter(|lease| !done.contains(lease)) {
            let text = format!("the job of lease {lease} was called done at {}, and is not in the log", exchange.answered_ms);
            findings.add("told-is-kept", text);
        }
    }
}
