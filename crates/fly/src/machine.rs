use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{HostStatus, MachineState, StopMachine, Tags};

/// A machine to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreateMachine {
    /// Unique in its app; the worker's id, so that a machine can be found whose creation was never answered.
    pub name: String,
    /// Where; the same region as its volume.
    pub region: String,
    /// What.
    pub config: MachineConfig,
}

/// What a machine runs and carries. Nothing is left to Fly's defaults that matters for bills or for teardown
/// (scheduler-fly.md F-11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MachineConfig {
    /// Image, pinned by digest.
    pub image: String,
    /// Environment; its values are secrets.
    pub env: Env,
    /// Size.
    pub guest: Guest,
    /// Volumes; Fly allows one.
    pub mounts: Vec<Mount>,
    /// Our tags.
    pub metadata: Tags,
    /// What happens when the main process ends.
    pub restart: Restart,
    /// How it is stopped when nobody says how, for instance by Fly itself.
    pub stop_config: StopMachine,
    /// Whether it destroys itself when the main process ends.
    pub auto_destroy: bool,
}

/// The environment of a machine. It holds the worker's token, so it shows its names only.
#[derive(Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Env(pub BTreeMap<String, String>);

impl fmt::Debug for Env {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// Size of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Guest {
    /// Shared or whole processors.
    pub cpu_kind: CpuKind,
    /// How many.
    pub cpus: u32,
    /// Memory in MiB; a multiple of 256.
    pub memory_mb: u32,
}

/// The kinds of processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CpuKind {
    /// A share of a processor.
    Shared,
    /// A processor of its own.
    Performance,
}

/// A volume in a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mount {
    /// Id of the volume.
    pub volume: String,
    /// Where it is seen inside.
    pub path: String,
}

/// What happens when the main process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Restart {
    /// When to start it again.
    pub policy: RestartPolicy,
    /// How often, for [`RestartPolicy::OnFailure`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_retries: Option<u32>,
}

/// When the main process is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    /// Never.
    No,
    /// Always; such a machine never stops by itself.
    Always,
    /// When it ends with an exit code other than 0.
    OnFailure,
}

/// A machine as Fly reports it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Machine {
    /// Fly's id.
    pub id: String,
    /// Its name; for ours, the worker's id.
    #[serde(default)]
    pub name: String,
    /// Where it is in its life.
    #[serde(default)]
    pub state: MachineState,
    /// Where it is.
    #[serde(default)]
    pub region: String,
    /// Id of its version; needed to wait for the end of that version.
    pub instance_id: Option<String>,
    /// How its host is.
    #[serde(default)]
    pub host_status: HostStatus,
    /// When it was made, RFC 3339.
    pub created_at: Option<String>,
    /// Its configuration; absent when its host is out of reach.
    pub config: Option<ReportedConfig>,
    /// What is still known of the configuration when the host is out of reach.
    pub incomplete_config: Option<ReportedConfig>,
}

impl Machine {
    /// The configuration as far as Fly tells it.
    #[must_use]
    pub fn reported_config(&self) -> Option<&ReportedConfig> {
        self.config.as_ref().or(self.incomplete_config.as_ref())
    }
}

/// The parts of a reported configuration that we look at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ReportedConfig {
    /// Image.
    pub image: Option<String>,
    /// Metadata, ours and that of others.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// Volumes.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub mounts: Vec<ReportedMount>,
}

/// A volume in a reported configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReportedMount {
    /// Id of the volume.
    pub volume: Option<String>,
    /// Where it is seen inside.
    pub path: Option<String>,
}

fn null_is_empty<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
