//! Global skills: deploying them, pointing channels at their versions, and handing them to workers.

mod change;
mod deploy;
mod facts;
mod list;
mod manifest;
mod signature;

pub use change::{Deleted, activate, delete, switch};
pub use deploy::{Outcome, deploy};
pub use list::{Filter, ReleaseView, SkillView, VersionView, get, list, version, versions};
pub use manifest::{LeftOut, Manifest, manifest};
