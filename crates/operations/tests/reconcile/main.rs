//! Ticks against a Fly that lives in this process: machines come and go, whatever is lost on the way.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

#[path = "../billing/mod.rs"]
mod billing;
mod boots;
mod cap;
mod crashes;
mod fly;
mod handover;
mod life;
mod orphans;
mod program;
mod regions;
mod scheduler;
mod ticks;
mod tokens;
mod trouble;
mod warm;
mod weak_spots;
mod world;
