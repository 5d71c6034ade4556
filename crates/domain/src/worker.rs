//! Workers: who may take work, and how one comes and goes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{DomainEvent, Refusal, text};

/// Events of a worker's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum WorkerEvent {
    /// A worker is wanted. For `fly`, a volume and a machine follow; `external` ones are somebody's own.
    WorkerRequested {
        /// `fly` or `external`.
        provider: String,
        /// For people.
        name: Option<String>,
        /// SHA-256 of its token, hex.
        token_hash: String,
        /// App that will hold its machine.
        app_name: Option<String>,
        /// Region of its machine and volume.
        region: Option<String>,
        /// Conversation it is meant for. It owns that only once it has claimed. None for one that waits for a new one.
        wanted_for: Option<String>,
        /// How many conversations it may work for; 1 for one that keeps to its first.
        conversations_max: i64,
    },
    /// It waited for a new conversation, and this is it.
    AssignmentChanged {
        /// Which one.
        conversation_id: String,
    },
    /// Its volume exists.
    VolumeCreated {
        /// The provider's id.
        volume_id: String,
        /// Where it is.
        region: String,
    },
    /// Its machine exists.
    MachineCreated {
        /// The provider's id.
        machine_id: String,
    },
    /// It called for the first time.
    WorkerSeen {},
    /// It gets no more work, and is asked to stop.
    DrainRequested {
        /// Why.
        reason: DrainReason,
        /// It is stopped then at the latest.
        deadline_at: i64,
    },
    /// While draining, it handed in a good snapshot: nothing that it knows is lost with it.
    SnapshotAccepted {
        /// Which one.
        snapshot_id: String,
    },
    /// Its machine stopped before it handed in what it knows; it is about to be started once more, to do that.
    RestartRequested {},
    /// Its machine was started once more.
    MachineRestarted {},
    /// It did not hand in what it knows: it is stopped without, and its volume is kept for somebody to look at.
    DrainAbandoned {
        /// Its volume, if it has one.
        volume_id: Option<String>,
        /// The volume is deleted then, unless somebody did before.
        keep_until: i64,
    },
    /// The provider has begun a copy of its volume.
    VolumeSnapshotTaken {},
    /// The provider has no room for it where it was asked for.
    CapacityRefused {
        /// Where.
        region: String,
    },
    /// Its machine and volume are being removed.
    TeardownStarted {},
    /// Its machine is gone, or never was.
    MachineGone {},
    /// Its volume is gone, or never was.
    VolumeGone {},
    /// Nothing of it is left.
    WorkerStopped {},
}

impl DomainEvent for WorkerEvent {
    const KIND: &'static str = "worker";
}

/// Why a worker is drained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrainReason {
    /// No job for too long.
    Idle,
    /// No contact for too long.
    Silent,
    /// It never called.
    NeverSeen,
    /// It handed in what it knows, and ended by itself.
    Exited,
    /// Its machine stopped by itself or is gone.
    MachineLost,
    /// The provider has no room for it.
    NoCapacity,
    /// Its place is needed for work that waits.
    Preempted,
    /// The operator, or a policy he changed.
    Operator,
}

impl fmt::Display for DrainReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "idle",
            Self::Silent => "silent",
            Self::NeverSeen => "never seen",
            Self::Exited => "exited",
            Self::MachineLost => "machine lost",
            Self::NoCapacity => "no capacity",
            Self::Preempted => "preempted",
            Self::Operator => "operator",
        })
    }
}

/// Where a worker is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its machine is on the way; it may call any moment.
    Requested,
    /// It has called.
    Active,
    /// It gets no more work.
    Draining,
    /// Its machine and volume are being removed.
    Stopping,
    /// Nothing of it is left.
    Stopped,
}

impl State {
    /// The word for it, in views and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Active => "active",
            Self::Draining => "draining",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        }
    }

    /// The state behind a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Requested, Self::Active, Self::Draining, Self::Stopping, Self::Stopped]
            .into_iter()
            .find(|state| state.as_str() == word)
    }

    /// Whether such a worker may take work. Claim and control state both ask here, so they cannot disagree.
    pub fn takes_work(self) -> bool {
        matches!(self, Self::Requested | Self::Active)
    }
}

/// Registers a worker of somebody's own.
///
/// # Errors
/// When the name cannot be.
pub fn register(name: Option<String>, token_hash: String) -> Result<WorkerEvent, Refusal> {
    if let Some(name) = &name {
        text::check_text("name", name, 128)?;
    }
    Ok(WorkerEvent::WorkerRequested {
        provider: "external".to_owned(),
        name,
        token_hash,
        app_name: None,
        region: None,
        wanted_for: None,
        conversations_max: 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_requested_and_active_workers_take_work() {
        let takers: Vec<_> = ["requested", "active", "draining", "stopping", "stopped"]
            .into_iter()
            .filter(|word| State::parse(word).is_some_and(State::takes_work))
            .collect();
        assert_eq!(takers, ["requested", "active"]);
    }
}
