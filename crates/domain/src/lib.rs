//! What clawstead decides. Facts and a command go in; events or a refusal come out.
//!
//! Nothing here does I/O, reads a clock or rolls dice: instants, ids and random numbers are parameters. All instants are
//! ms since the epoch, UTC; all durations are ms.

pub mod agent;
pub mod api_key;
pub mod binding;
pub mod bot;
pub mod chat;
pub mod cleanup;
pub mod config;
pub mod conversation;
mod event;
pub mod id;
pub mod outbox;
pub mod pairing;
pub mod plan;
pub mod push;
mod refusal;
pub mod secret;
pub mod skill;
pub mod snapshot;
pub mod subscription;
pub mod template;
pub mod text;
pub mod worker;

pub use event::{DomainEvent, Encoded};
pub use refusal::{Refusal, RefusalKind};
