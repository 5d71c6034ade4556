//! What clawstead can do: one function per operation. Each reads facts from the views, lets `domain` decide, and appends.
//!
//! Components and tests call these; nothing here knows HTTP or Spin.

pub mod agents;
pub mod api_keys;
pub mod app_events;
pub mod bindings;
pub mod bots;
pub mod cleanup;
pub mod configs;
pub mod counts;
mod cx;
mod error;
pub mod files;
pub mod ingress;
pub mod money;
pub mod outbox;
pub mod pairings;
pub mod provider;
pub mod push;
pub mod queue;
mod reconcile;
pub mod secrets;
pub mod skills;
pub mod snapshots;
pub mod stats;
pub mod subscriptions;
pub mod templates;
pub mod tick;
pub mod users;
pub mod workers;

pub use cx::{Cx, decide};
pub use error::OperationError;
