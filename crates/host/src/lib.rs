//! Runs a Spin application from its unmodified `spin.toml`, on Wasmtime with WASI 0.3.
//!
//! It exists so that a fresh machine needs nothing but Rust, so that tests run the components that
//! ship, in the test's own process, and so that a simulation can own the clock, the dice and the
//! network. It is not a second platform: no component may notice which host it is on, and where
//! Spin has a rule, this host has the same.
//!
//! ```no_run
//! # async fn run() -> Result<(), clawstead_host::HostError> {
//! use clawstead_host::HostOptions;
//!
//! let host = HostOptions::new("spin.toml").variable("greeting", "hello").start().await?;
//! println!("serving {}", host.base_url());
//! host.stop().await;
//! # Ok(())
//! # }
//! ```

mod allowed_hosts;
mod app;
mod assembly;
mod bindings;
mod clock;
mod components;
mod cron;
mod engine;
mod error;
mod faults;
mod guest_log;
mod guest_network;
mod host;
mod internet;
mod key_value;
mod manifest;
mod network;
mod options;
mod outbound;
mod pool;
mod problem;
mod random;
mod request_body;
mod room;
mod route;
mod server;
mod spin_headers;
mod sqlite;
mod state;
mod template;
mod variables;
mod watched;

pub use clock::{Clock, SystemClock};
pub use components::Components;
pub use error::HostError;
pub use faults::{Fault, Faults, Statement};
pub use guest_log::{GuestLog, tracing_guest_log};
pub use host::Host;
pub use internet::Internet;
pub use options::HostOptions;
pub use outbound::{Body, Outbound, OutboundError, OutboundRequest, Sending, Timeouts, body, collect, empty_body};
pub use pool::{CONCURRENT_REQUESTS_PER_INSTANCE, IDLE_INSTANCE_TIMEOUT, REQUESTS_PER_INSTANCE};
pub use random::{Random, SystemRandom};
