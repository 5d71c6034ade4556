use std::collections::BTreeMap;
use std::fmt;

/// A volume to be made for a worker.
#[derive(Debug, Clone, Copy)]
pub struct VolumeWanted<'a> {
    /// The worker; the volume's name is made from it.
    pub worker_id: &'a str,
    /// Where.
    pub region: &'a str,
    /// Size in GB.
    pub size_gb: u32,
}

/// A machine to be made for a worker.
#[derive(Debug, Clone)]
pub struct MachineWanted<'a> {
    /// The worker; also the machine's name.
    pub worker_id: &'a str,
    /// The log that knows it.
    pub log_id: String,
    /// Where; the region of its volume.
    pub region: &'a str,
    /// What it runs.
    pub image: &'a str,
    /// What its process is given.
    pub environment: Environment,
    /// Processors.
    pub cpus: u32,
    /// Memory in MB.
    pub memory_mb: u32,
    /// Its volume.
    pub volume_id: &'a str,
    /// Where the volume is seen inside.
    pub volume_path: &'a str,
}

/// Environment variables. They hold the worker's token, so only their names are shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment(pub BTreeMap<String, String>);

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
