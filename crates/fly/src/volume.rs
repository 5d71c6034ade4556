use serde::{Deserialize, Serialize};

use crate::HostStatus;

/// A volume to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreateVolume {
    /// From [`crate::volume_name`], so that a volume can be found whose creation was never answered.
    pub name: String,
    /// Where; its machine must be in the same region.
    pub region: String,
    /// Size in GB; it is billed whether attached or not.
    pub size_gb: u32,
    /// Whether it is encrypted at rest.
    pub encrypted: bool,
    /// How many days its snapshots are kept, 1 to 60.
    pub snapshot_retention: u32,
}

/// A volume as Fly reports it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Volume {
    /// Fly's id. Volumes are deleted by this id alone, never by name (scheduler-fly.md F-12).
    pub id: String,
    /// Its name; not unique in Fly.
    #[serde(default)]
    pub name: String,
    /// Where it is in its life; Fly documents no list.
    #[serde(default)]
    pub state: String,
    /// Where it is.
    #[serde(default)]
    pub region: String,
    /// Size in GB.
    #[serde(default)]
    pub size_gb: u32,
    /// Id of the machine that it is bound to.
    pub attached_machine_id: Option<String>,
    /// How its host is.
    #[serde(default)]
    pub host_status: HostStatus,
    /// When it was made, RFC 3339.
    pub created_at: Option<String>,
}

/// A copy of a volume as Fly reports it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Snapshot {
    /// Fly's id.
    pub id: String,
    /// Where it is in its life; Fly documents no list.
    #[serde(default)]
    pub status: String,
    /// When it was begun, RFC 3339.
    pub created_at: Option<String>,
    /// How many days it is kept.
    pub retention_days: Option<u32>,
}

impl Snapshot {
    /// Whether a volume can be made from it: in doubt not.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.status == "created"
    }
}
