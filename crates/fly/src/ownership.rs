//! How what we make is told from what we must never touch (design.md section 5).

use std::collections::BTreeMap;

use clawstead_mutation::{Mutation, made};
use serde::Serialize;

use crate::Machine;

/// Metadata key of the deployment that made a machine.
pub const DEPLOYMENT_KEY: &str = "clawstead_deployment";
/// Metadata key of the worker that a machine runs.
pub const WORKER_KEY: &str = "clawstead_worker";
/// Metadata key of the log that knows a machine.
pub const LOG_KEY: &str = "clawstead_log";
/// Metadata key of the volume that was made for a machine.
pub const VOLUME_KEY: &str = "clawstead_volume";

/// What every machine of ours carries as metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tags {
    /// The deployment that owns it.
    #[serde(rename = "clawstead_deployment")]
    pub deployment: String,
    /// The log that knows it: two deployments that share a name by mistake differ in this.
    #[serde(rename = "clawstead_log", skip_serializing_if = "String::is_empty")]
    pub log: String,
    /// The worker that it runs; also its name.
    #[serde(rename = "clawstead_worker")]
    pub worker: String,
    /// Id of its volume, so that the volume can be found when only the machine is known.
    #[serde(rename = "clawstead_volume", skip_serializing_if = "Option::is_none")]
    pub volume: Option<String>,
}

/// Whose machine it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership<'a> {
    /// Made by this deployment, for this worker.
    Ours {
        /// The worker's id.
        worker: &'a str,
    },
    /// Not made by this deployment: never to be touched.
    Foreign,
    /// It carries the name of this deployment, and another log knows it: never to be touched, and to be told of.
    Clash,
    /// Its host is out of reach and Fly does not tell its metadata. It exists all the same: neither to be touched nor
    /// to be taken for gone.
    Unknown,
}

impl Machine {
    /// Whose machine this is, by its metadata. Always to be asked after listing, filtered or not.
    #[must_use]
    pub fn ownership(&self, deployment: &str, log: &str) -> Ownership<'_> {
        let Some(metadata) = self.metadata() else {
            return Ownership::Unknown;
        };
        if metadata.get(DEPLOYMENT_KEY).map(String::as_str) != Some(deployment) && !made(Mutation::GreedySweep) {
            return Ownership::Foreign;
        }
        if metadata.get(LOG_KEY).is_some_and(|known_to| known_to != log) {
            return Ownership::Clash;
        }
        let worker = metadata.get(WORKER_KEY).unwrap_or(&self.name);
        Ownership::Ours { worker }
    }

    /// Ids of the volumes that belong to the machine, as far as it tells: the tagged one and those mounted.
    #[must_use]
    pub fn volumes(&self) -> Vec<&str> {
        let tagged = self.metadata().and_then(|metadata| metadata.get(VOLUME_KEY));
        let mounted = self.reported_config().into_iter().flat_map(|config| &config.mounts);
        let mut volumes: Vec<&str> = tagged.map(String::as_str).into_iter().collect();
        for mount in mounted {
            if let Some(volume) = mount.volume.as_deref().filter(|volume| !volumes.contains(volume)) {
                volumes.push(volume);
            }
        }
        volumes
    }

    fn metadata(&self) -> Option<&BTreeMap<String, String>> {
        self.reported_config().map(|config| &config.metadata)
    }
}
