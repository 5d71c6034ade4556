//! What can be done. Each action can be repeated, and each prints as one line.

use std::fmt;

use crate::worker::DrainReason;

/// One step of the reconciler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Ask for a worker, then make its volume and machine.
    Request {
        /// The conversation that waits for it; none when it is to wait for one.
        conversation_id: Option<String>,
        /// Where its machine is to be.
        region: String,
    },
    /// Make nothing, because what was made last did not come up. There is nothing to do but to say so.
    HoldBack {
        /// So many times in a row.
        failures: i64,
        /// The next one is not made before.
        until: i64,
    },
    /// Give a worker that waits for a conversation one that is new.
    Assign {
        /// The worker.
        worker_id: String,
        /// The conversation.
        conversation_id: String,
    },
    /// Make what a worker still lacks: its volume, its machine.
    Provision {
        /// The worker.
        worker_id: String,
    },
    /// Note a volume that exists although nobody was told so.
    AdoptVolume {
        /// The worker that it was made for.
        worker_id: String,
        /// The volume.
        volume_id: String,
    },
    /// Note a machine that exists although nobody was told so.
    AdoptMachine {
        /// The worker that it was made for.
        worker_id: String,
        /// The machine.
        machine_id: String,
    },
    /// Give a worker no more work, and ask it to stop.
    Drain {
        /// The worker.
        worker_id: String,
        /// Why.
        reason: DrainReason,
        /// It is stopped then at the latest.
        deadline_at: i64,
    },
    /// Start a worker's machine once more, so that it can hand in what it knows.
    RestartMachine {
        /// The worker.
        worker_id: String,
        /// Its machine.
        machine_id: String,
    },
    /// Wait no longer for a worker to hand in what it knows, and keep its volume instead.
    Abandon {
        /// The worker.
        worker_id: String,
        /// The volume is kept so long.
        keep_until: i64,
    },
    /// Have the provider copy a worker's volume.
    SnapshotVolume {
        /// The worker.
        worker_id: String,
        /// Its volume.
        volume_id: String,
    },
    /// Stop a worker's machine.
    StopMachine {
        /// The worker.
        worker_id: String,
        /// Its machine.
        machine_id: String,
        /// Without giving it time to finish.
        at_once: bool,
    },
    /// Delete a worker's machine.
    DeleteMachine {
        /// The worker.
        worker_id: String,
        /// Its machine.
        machine_id: String,
        /// Also when it runs.
        force: bool,
    },
    /// Look once more whether a worker's machine is gone, and note it.
    ConfirmMachineGone {
        /// The worker.
        worker_id: String,
        /// Its machine, if one ever became known.
        machine_id: Option<String>,
    },
    /// Delete a volume of a worker whose machine is gone.
    DeleteVolume {
        /// The worker.
        worker_id: String,
        /// The volume.
        volume_id: String,
    },
    /// Look once more whether a worker's volume is gone, and note it.
    ConfirmVolumeGone {
        /// The worker.
        worker_id: String,
        /// Its volume, if one ever became known.
        volume_id: Option<String>,
    },
    /// Note that nothing is left of a worker.
    Finish {
        /// The worker.
        worker_id: String,
    },
    /// Delete a machine that carries our tag and belongs to no worker.
    DeleteOrphanMachine {
        /// The app that holds it.
        app: String,
        /// The machine.
        machine_id: String,
    },
    /// Delete a volume that carries our tag and belongs to no worker.
    DeleteOrphanVolume {
        /// The app that holds it.
        app: String,
        /// The volume.
        volume_id: String,
    },
}

impl Action {
    /// What the action is about: of those with the same subject, a later one makes sense only after the earlier one succeeded.
    pub fn subject(&self) -> &str {
        match self {
            Self::Request { conversation_id, .. } => conversation_id.as_deref().unwrap_or("new conversations"),
            Self::HoldBack { .. } => "new machines",
            Self::Assign { worker_id, .. }
            | Self::Provision { worker_id }
            | Self::AdoptVolume { worker_id, .. }
            | Self::AdoptMachine { worker_id, .. }
            | Self::Drain { worker_id, .. }
            | Self::RestartMachine { worker_id, .. }
            | Self::Abandon { worker_id, .. }
            | Self::SnapshotVolume { worker_id, .. }
            | Self::StopMachine { worker_id, .. }
            | Self::DeleteMachine { worker_id, .. }
            | Self::ConfirmMachineGone { worker_id, .. }
            | Self::DeleteVolume { worker_id, .. }
            | Self::ConfirmVolumeGone { worker_id, .. }
            | Self::Finish { worker_id } => worker_id,
            Self::DeleteOrphanMachine { machine_id, .. } => machine_id,
            Self::DeleteOrphanVolume { volume_id, .. } => volume_id,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request { conversation_id: Some(id), region } => write!(f, "request a worker for {id} in {region}"),
            Self::Request { conversation_id: None, region } => write!(f, "request a worker for any in {region}"),
            Self::HoldBack { failures, until } => {
                write!(f, "make no machine until {until}: {failures} in a row did not come up")
            }
            Self::Assign { worker_id, conversation_id } => write!(f, "assign {conversation_id} to {worker_id}"),
            Self::Provision { worker_id } => write!(f, "provision {worker_id}"),
            Self::AdoptVolume { worker_id, volume_id } => write!(f, "adopt volume {volume_id} for {worker_id}"),
            Self::AdoptMachine { worker_id, machine_id } => write!(f, "adopt machine {machine_id} for {worker_id}"),
            Self::Drain { worker_id, reason, deadline_at } => write!(f, "drain {worker_id} ({reason}) until {deadline_at}"),
            Self::RestartMachine { worker_id, machine_id } => write!(f, "start machine {machine_id} of {worker_id} once more"),
            Self::Abandon { worker_id, keep_until } => write!(f, "abandon {worker_id}, keep its volume until {keep_until}"),
            Self::SnapshotVolume { worker_id, volume_id } => write!(f, "copy volume {volume_id} of {worker_id}"),
            Self::StopMachine { worker_id, machine_id, at_once } => {
                let how = if *at_once { " at once" } else { "" };
                write!(f, "stop machine {machine_id} of {worker_id}{how}")
            }
            Self::DeleteMachine { worker_id, machine_id, force } => {
                let how = if *force { " by force" } else { "" };
                write!(f, "delete machine {machine_id} of {worker_id}{how}")
            }
            Self::ConfirmMachineGone { worker_id, machine_id: Some(id) } => {
                write!(f, "confirm that machine {id} of {worker_id} is gone")
            }
            Self::ConfirmMachineGone { worker_id, machine_id: None } => write!(f, "note that {worker_id} has no machine"),
            Self::DeleteVolume { worker_id, volume_id } => write!(f, "delete volume {volume_id} of {worker_id}"),
            Self::ConfirmVolumeGone { worker_id, volume_id: Some(id) } => {
                write!(f, "confirm that volume {id} of {worker_id} is gone")
            }
            Self::ConfirmVolumeGone { worker_id, volume_id: None } => write!(f, "note that {worker_id} has no volume"),
            Self::Finish { worker_id } => write!(f, "finish {worker_id}"),
            Self::DeleteOrphanMachine { app, machine_id } => write!(f, "delete orphan machine {machine_id} in {app}"),
            Self::DeleteOrphanVolume { app, volume_id } => write!(f, "delete orphan volume {volume_id} in {app}"),
        }
    }
}
