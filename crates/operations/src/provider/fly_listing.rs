//! What Fly lists of one app, in the words of the plan.

use std::collections::HashMap;

use super::Listed;
use chrono::DateTime;
use clawstead_domain::plan::{Listing, Machine, Phase, Volume, Worker};
use clawstead_fly::{HostStatus, MachineState, Ownership, is_volume_of, volume_name};

/// What tells our things from others.
#[derive(Clone, Copy)]
pub(super) struct Tag<'a> {
    pub(super) deployment: &'a str,
    pub(super) log_id: &'a str,
}

/// The listing of an app that exists.
pub(super) fn listed_of(
    app: &str,
    tag: Tag<'_>,
    workers: &[Worker],
    machines: &[clawstead_fly::Machine],
    volumes: &[clawstead_fly::Volume],
) -> Listed {
    let clash = machines.iter().find(|machine| machine.ownership(tag.deployment, tag.log_id) == Ownership::Clash);
    let names: HashMap<String, &str> =
        workers.iter().map(|worker| (volume_name(tag.deployment, &worker.worker_id), worker.worker_id.as_str())).collect();
    let mut listing = Listing {
        app: app.to_owned(),
        is_missing: false,
        machines: machines.iter().map(|machine| machine_of(machine, tag, workers)).collect(),
        volumes: volumes.iter().map(|volume| volume_of(volume, tag.deployment, &names)).collect(),
    };
    if clash.is_some() {
        // A volume tells the deployment alone: what none of our workers has may be theirs.
        let is_known = |volume: &Volume| {
            volume.worker_id.is_some() || workers.iter().any(|worker| worker.volume_id.as_ref() == Some(&volume.volume_id))
        };
        listing.volumes.iter_mut().for_each(|volume| volume.is_tagged = volume.is_tagged && is_known(volume));
    }
    Listed { listing, clash: clash.map(|machine| machine.id.clone()) }
}

fn machine_of(machine: &clawstead_fly::Machine, tag: Tag<'_>, workers: &[Worker]) -> Machine {
    let worker_id = match machine.ownership(tag.deployment, tag.log_id) {
        Ownership::Ours { worker } => Some(worker.to_owned()),
        Ownership::Foreign | Ownership::Clash => None,
        // Its host does not tell the tag, but a name that is an id of ours can only be ours.
        Ownership::Unknown => {
            workers.iter().find(|worker| worker.worker_id == machine.name).map(|worker| worker.worker_id.clone())
        }
    };
    Machine {
        machine_id: machine.id.clone(),
        worker_id,
        phase: phase_of(machine.state),
        reachable: machine.host_status != HostStatus::Unreachable,
        created_at: machine.created_at.as_deref().and_then(instant_of),
    }
}

/// Where a machine is, as far as the plan cares.
pub(super) fn phase_of(state: MachineState) -> Phase {
    match state {
        MachineState::Created => Phase::Created,
        MachineState::Stopping | MachineState::Suspending => Phase::Stopping,
        MachineState::Stopped | MachineState::Suspended | MachineState::Failed => Phase::AtRest,
        MachineState::Destroying => Phase::Leaving,
        state if state.is_final() => Phase::Gone,
        _ => Phase::Running,
    }
}

fn volume_of(volume: &clawstead_fly::Volume, deployment: &str, names: &HashMap<String, &str>) -> Volume {
    Volume {
        volume_id: volume.id.clone(),
        worker_id: names.get(&volume.name).map(|worker_id| (*worker_id).to_owned()),
        is_tagged: is_volume_of(deployment, &volume.name),
        is_attached: volume.attached_machine_id.as_deref().is_some_and(|id| !id.is_empty()),
        is_leaving: is_leaving(&volume.state),
        created_at: volume.created_at.as_deref().and_then(instant_of),
    }
}

/// Fly documents no list of volume states; those of a volume on its way out are `scheduling_destroy`, `pending_destroy` and
/// `destroyed`.
pub(super) fn is_leaving(volume_state: &str) -> bool {
    volume_state.contains("destroy")
}

pub(super) fn instant_of(rfc3339: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(rfc3339).ok().map(|instant| instant.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_of_fly_are_read() {
        assert_eq!(instant_of("2026-01-02T03:04:05.678Z"), Some(1_767_323_045_678));
        assert_eq!(instant_of("2026-01-02T03:04:05Z"), Some(1_767_323_045_000));
        assert_eq!(instant_of("yesterday"), None);
    }

    #[test]
    fn a_state_that_nobody_knows_is_taken_for_alive() {
        assert_eq!(phase_of(MachineState::Unknown), Phase::Running);
        assert_eq!(phase_of(MachineState::LaunchFailed), Phase::Running);
        assert_eq!(phase_of(MachineState::Replaced), Phase::Gone);
    }
}
