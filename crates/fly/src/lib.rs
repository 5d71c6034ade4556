//! A client of the Fly Machines API, <https://docs.machines.dev>, as far as clawstead uses it.
//!
//! Each call ends in one of three outcomes ([`Outcome`]): done, refused, or unknown. The API has no idempotency key, so the
//! unknown outcome of a creation is settled by listing, never by calling again (outside-contracts.md). With a [`Pace`], calls
//! keep to Fly's rate limits, and those that may be repeated are, within a budget. What happened is told by status codes
//! alone; texts of Fly's are kept short and redacted, and never decide anything.

mod api;
mod call;
mod exec;
mod lease;
mod machine;
mod machine_calls;
mod machines;
mod metadata;
mod organization;
mod outcome;
mod ownership;
mod pace;
mod redact;
mod refusal;
mod state;
mod token;
mod volume;
mod volume_calls;
mod volume_name;

pub use exec::Executed;
pub use lease::Lease;
pub use machine::{
    CpuKind, CreateMachine, Env, Guest, Machine, MachineConfig, Mount, ReportedConfig, ReportedMount, Restart, RestartPolicy,
};
pub use machine_calls::{ListMachines, Signal, StopMachine, Wait, WaitState, Waited};
pub use machines::Machines;
pub use organization::{InApp, Organization, Page};
pub use outcome::{Outcome, Unknown};
pub use ownership::{DEPLOYMENT_KEY, LOG_KEY, Ownership, Tags, VOLUME_KEY, WORKER_KEY};
pub use pace::{Budget, Pace, Timer};
pub use refusal::{Refusal, RefusalKind};
pub use state::{HostStatus, MachineState};
pub use token::{ApiToken, BadApiToken};
pub use volume::{CreateVolume, Snapshot, Volume};
pub use volume_name::{is_volume_of, volume_name};
