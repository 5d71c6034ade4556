//! clawstead on one machine: a host that runs the components, stand-ins for Telegram and Fly, and what they are seeded with.
//!
//! [`Sandbox`] is what `cargo xtask up` and `cargo xtask demo` run and what the end-to-end tests start, so a test sees what a
//! person sees. Everything is set up over the same HTTP interface that an operator has; nothing here writes a database.

mod api;
mod credentials;
mod data_dir;
mod keys;
mod platform;
mod ports;
mod private_file;
mod sandbox;
pub mod seed;
mod spin;
mod ticker;
pub mod updates;

pub use api::{Answer, Api};
pub use credentials::Credentials;
pub use data_dir::DataDir;
pub use keys::Keys;
pub use platform::PlatformKind;
pub use ports::preferred_address;
pub use sandbox::{Sandbox, SandboxOptions, workspace_file};
