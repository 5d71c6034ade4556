//! No machine without an owner, none without a reason, no more than allowed; and what is not ours is not touched.

use std::collections::BTreeMap;

use clawstead_emulators::fly::MachineState;

use super::log::Event;
use super::{Findings, SLACK_MS};
use crate::history::Exchange;
use crate::wire::Link;
use crate::world::Remains;

/// The name of somebody else's machine.
const STRANGER: &str = "not-ours";

/// The name of somebody else's volume.
const STRANGERS_VOLUME: &str = "not_ours";

/// What the policies of a run allow a machine after its last reason to be. The time for booting counts twice: once from the request until
/// there is a machine (`requested_at`), and anew from then until its worker calls (`machine_created_at`). The time for handing in is one,
/// also where the machine is started once more for it.
const UNREASONED_MS: i64 = 2 * BOOT_MS + IDLE_MS + DRAIN_MS + 2 * SLACK_MS;

/// As in the policy `scaling` of a run.
const BOOT_MS: i64 = 90_000;
/// See [`BOOT_MS`].
const IDLE_MS: i64 = 120_000;
/// See [`BOOT_MS`].
const DRAIN_MS: i64 = 60_000;

pub(super) fn check(events: &[Event], exchanges: &[Exchange], remains: &Remains, findings: &mut Findings) {
    leftovers(remains, findings);
    strangers(exchanges, remains, findings);
    cap_in_the_log(events, remains, findings);
    cap_at_fly(remains, findings);
    reasons(events, remains, findings);
}

fn leftovers(remains: &Remains, findings: &mut Findings) {
    for machine in remains.machines.iter().filter(|one| one.name != STRANGER && one.state != MachineState::Destroyed) {
        let state = machine.state.name();
        findings.add("nothing-left", format!("machine {} of {} is {state} at the end", machine.id, machine.name));
    }
    for volume in remains.volumes.iter().filter(|one| one.name != STRANGERS_VOLUME) {
        findings.add("nothing-left", format!("volume {} {} is there at the end", volume.id, volume.name));
    }
}

fn strangers(exchanges: &[Exchange], remains: &Remains, findings: &mut Findings) {
    let machine = remains.machines.iter().find(|one| one.name == STRANGER);
    let volume = remains.volumes.iter().find(|one| one.name == STRANGERS_VOLUME);
    if machine.is_none_or(|machine| machine.state != MachineState::Started) {
        findings.add("strangers-are-left-alone", "somebody else's machine does not run any more");
    }
    if volume.is_none() {
        findings.add("strangers-are-left-alone", "somebody else's volume is gone");
    }
    let ids = [machine.map(|one| &one.id), volume.map(|one| &one.id)];
    for exchange in exchanges.iter().filter(|one| one.link == Link::PlaneToFly && one.method != "GET") {
        if ids.iter().flatten().any(|id| exchange.path.contains(id.as_str())) {
            findings.add("strangers-are-left-alone", format!("{} {}", exchange.method, exchange.path));
        }
    }
}

fn is_ours(event: &Event) -> bool {
    event.type_ == "WorkerRequested" && event.text("provider") == "fly"
}

fn cap_in_the_log(events: &[Event], remains: &Remains, findings: &mut Findings) {
    let most = usize::try_from(remains.machines_max).unwrap_or(usize::MAX);
    let mut places: BTreeMap<&str, i64> = BTreeMap::new();
    for event in events.iter().filter(|event| event.kind == "worker") {
        if is_ours(event) {
            places.insert(&event.id, event.position);
        } else if matches!(event.type_.as_str(), "MachineGone" | "WorkerStopped") {
            places.remove(event.id.as_str());
        }
        if places.len() > most {
            let text = format!("{} workers with a machine at {}, {most} allowed", places.len(), event.position);
            findings.add("cap-on-machines", text);
            return;
        }
    }
}

fn cap_at_fly(remains: &Remains, findings: &mut Findings) {
    let mut changes: Vec<(i64, i64)> = Vec::new();
    for machine in remains.machines.iter().filter(|one| one.name != STRANGER) {
        let gone = machine.events.iter().find(|event| event.status == "destroying");
        changes.extend(machine.events.first().map(|event| (event.at_ms, 1)));
        changes.extend(gone.map(|event| (event.at_ms, -1)));
    }
    changes.sort_unstable();
    let mut alive = 0;
    for (at, change) in changes {
        alive += change;
        if alive.unsigned_abs() > remains.machines_max {
            findings.add("cap-on-machines", format!("{alive} machines at Fly at {at}, {} allowed", remains.machines_max));
            return;
        }
    }
}

/// A machine is asked for when there is work, and goes when there has been none for long enough.
fn reasons(events: &[Event], remains: &Remains, findings: &mut Findings) {
    let mut open = 0_i64;
    let mut reasons: BTreeMap<&str, i64> = BTreeMap::new();
    for event in events {
        match event.type_.as_str() {
            "MessageEnqueued" | "DeadLetterReplayed" => open += 1,
            "MessageCompleted" | "MessageDeadLettered" | "MessageCancelled" => open -= 1,
            _ => {}
        }
        if is_ours(event) {
            if open <= 0 {
                let text = format!("a worker is requested at {} and there is no work", event.position);
                findings.add("every-machine-has-a-reason", text);
            }
            reasons.insert(&event.id, event.at);
        }
        if event.kind == "conversation"
            && let Some(reason) = reasons.get_mut(event.text("worker_id"))
        {
            *reason = event.at;
        }
        if event.type_ == "MachineGone"
            && let Some(reason) = reasons.remove(event.id.as_str())
        {
            let idle = event.at - reason.max(remains.calm_ms);
            if idle > UNREASONED_MS {
                let text = format!("the machine that is gone at {} had no reason for {idle} ms", event.position);
                findings.add("every-machine-has-a-reason", text);
            }
        }
    }
}
