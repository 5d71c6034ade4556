//! What the emulator remembers: apps, machines and volumes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::now_ms;
use crate::ids;

/// The states of a machine that this emulator knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MachineState {
    /// It exists and was not started yet.
    Created,
    /// Between created or stopped and started.
    Starting,
    /// Its process runs.
    Started,
    /// Its process was asked to end.
    Stopping,
    /// Its process has ended.
    Stopped,
    /// Stopped and started again on request.
    Restarting,
    /// Getting a new configuration.
    Replacing,
    /// It could not be started.
    Failed,
    /// On its way out.
    Destroying,
    /// Gone; still shown for a while.
    Destroyed,
}

impl MachineState {
    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            MachineState::Created => "created",
            MachineState::Starting => "starting",
            MachineState::Started => "started",
            MachineState::Stopping => "stopping",
            MachineState::Stopped => "stopped",
            MachineState::Restarting => "restarting",
            MachineState::Replacing => "replacing",
            MachineState::Failed => "failed",
            MachineState::Destroying => "destroying",
            MachineState::Destroyed => "destroyed",
        }
    }

    /// Gone, or about to be.
    pub(crate) fn is_ending(self) -> bool {
        matches!(self, MachineState::Destroying | MachineState::Destroyed)
    }

    /// A state that lasts until somebody does something.
    pub(crate) fn is_settled(self) -> bool {
        matches!(
            self,
            MachineState::Created
                | MachineState::Started
                | MachineState::Stopped
                | MachineState::Failed
                | MachineState::Destroyed
        )
    }
}

impl std::fmt::Display for MachineState {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Apps that came into being by use belong to every organization.
    pub(crate) org_slug: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) source: String,
    pub(crate) at_ms: i64,
    pub(crate) request: Option<Value>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Lease {
    pub(crate) nonce: String,
    pub(crate) expires_at_ms: i64,
    pub(crate) description: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) seq: u64,
    pub(crate) id: String,
    pub(crate) app: String,
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) state: MachineState,
    pub(crate) config: Value,
    /// Changes with every configuration.
    pub(crate) instance_id: String,
    pub(crate) private_ip: String,
    pub(crate) cordoned: bool,
    pub(crate) created_ms: i64,
    pub(crate) updated_ms: i64,
    /// Oldest first.
    pub(crate) events: Vec<Event>,
    pub(crate) lease: Option<Lease>,
    /// Counts the starts, so that what belongs to an earlier one is recognised.
    pub(crate) run: u64,
    /// Restarts by policy since the last start.
    pub(crate) restarts: u64,
    pub(crate) process: String,
}

impl Machine {
    /// Goes to another state and writes the event down.
    pub(crate) fn enter(&mut self, state: MachineState, kind: &str, source: &str) {
        self.state = state;
        self.record(kind, source, None);
    }

    pub(crate) fn record(&mut self, kind: &str, source: &str, request: Option<Value>) {
        self.updated_ms = now_ms();
        self.events.push(Event {
            id: ids::ulid(),
            kind: kind.to_owned(),
            status: self.state.name().to_owned(),
            source: source.to_owned(),
            at_ms: self.updated_ms,
            request,
        });
    }

    pub(crate) fn record_exit(&mut self, exit_code: i32, requested: bool, restarting: bool) {
        let exit_event = json!({
            "exit_code": exit_code,
            "guest_exit_code": exit_code,
            "exited_at": crate::clock::rfc3339(now_ms()),
            "requested_stop": requested,
            "restarting": restarting,
            "oom_killed": false,
            "signal": -1,
        });
        self.record("exit", "flyd", Some(json!({ "exit_event": exit_event })));
    }

    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        serde_json::from_value(self.config["env"].clone()).unwrap_or_default()
    }

    pub(crate) fn metadata(&self) -> BTreeMap<String, String> {
        serde_json::from_value(self.config["metadata"].clone()).unwrap_or_default()
    }

    /// The volume it mounts.
    pub(crate) fn volume(&self) -> Option<&str> {
        self.config["mounts"][0]["volume"].as_str()
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) id: String,
    pub(crate) created_ms: i64,
    /// Before, no volume can be made from it.
    #[serde(default)]
    pub(crate) complete_ms: i64,
    pub(crate) retention_days: u64,
}

impl Snapshot {
    pub(crate) fn is_complete(&self) -> bool {
        self.complete_ms <= now_ms()
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Volume {
    pub(crate) seq: u64,
    pub(crate) id: String,
    pub(crate) app: String,
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) size_gb: u64,
    pub(crate) encrypted: bool,
    pub(crate) snapshot_retention: u64,
    pub(crate) auto_backup_enabled: bool,
    pub(crate) created_ms: i64,
    /// Stays for a while after the machine is gone.
    pub(crate) bound_to: Option<String>,
    pub(crate) snapshots: Vec<Snapshot>,
}

/// Everything that outlives a restart.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) apps: BTreeMap<String, App>,
    /// Names that were destroyed do not come back by use.
    pub(crate) destroyed_apps: BTreeSet<String>,
    pub(crate) machines: BTreeMap<String, Machine>,
    pub(crate) volumes: BTreeMap<String, Volume>,
    pub(crate) full_regions: BTreeSet<String>,
    next_seq: u64,
}

impl State {
    pub(crate) fn take_seq(&mut self) -> u64 {
        self.next_seq += 1;
        self.next_seq
    }

    /// Machines in the order they were created.
    pub(crate) fn machines_by_age(&self) -> Vec<&Machine> {
        let mut machines: Vec<&Machine> = self.machines.values().collect();
        machines.sort_by_key(|machine| machine.seq);
        machines
    }

    pub(crate) fn volumes_by_age(&self) -> Vec<&Volume> {
        let mut volumes: Vec<&Volume> = self.volumes.values().collect();
        volumes.sort_by_key(|volume| volume.seq);
        volumes
    }

    pub(crate) fn release_volumes_of(&mut self, machine_id: &str) {
        for volume in self.volumes.values_mut() {
            if volume.bound_to.as_deref() == Some(machine_id) {
                volume.bound_to = None;
            }
        }
    }
}
