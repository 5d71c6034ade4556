use serde::Deserialize;

/// Where a machine is in its life, as far as Fly tells (outside-contracts.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MachineState {
    /// Made, not started.
    Created,
    /// Its main process runs. That does not mean that it is ready.
    Started,
    /// Stopped; its root file system is still billed.
    Stopped,
    /// Suspended to disk.
    Suspended,
    /// Could not be started.
    Failed,
    /// On the way to created.
    Creating,
    /// On the way to started.
    Starting,
    /// On the way to stopped.
    Stopping,
    /// On the way to started again.
    Restarting,
    /// On the way to suspended.
    Suspending,
    /// On the way to destroyed.
    Destroying,
    /// Getting a new configuration.
    Updating,
    /// Making room for a new version.
    Replacing,
    /// The last launch failed; Fly has not settled it yet.
    LaunchFailed,
    /// Gone.
    Destroyed,
    /// Gone, and a newer version is in its place.
    Replaced,
    /// Gone from its host, and on another one.
    Migrated,
    /// A state that Fly did not tell, or added later. To be treated as alive.
    #[default]
    #[serde(other)]
    Unknown,
}

impl MachineState {
    /// Whether the machine has come to its end and costs nothing any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Destroyed | Self::Replaced | Self::Migrated)
    }

    /// Whether it will be something else soon, without our doing.
    #[must_use]
    pub fn is_passing(self) -> bool {
        matches!(
            self,
            Self::Creating
                | Self::Starting
                | Self::Stopping
                | Self::Restarting
                | Self::Suspending
                | Self::Destroying
                | Self::Updating
                | Self::Replacing
                | Self::LaunchFailed
        )
    }
}

/// How the host of a machine or volume is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostStatus {
    /// Reachable.
    Ok,
    /// Not reachable: states are old, and changes will not arrive.
    Unreachable,
    /// Not known.
    #[default]
    #[serde(other)]
    Unknown,
}
