//! Cleaning up: what a report says, what an order does, what it leaves alone.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../reconcile/fly.rs"]
#[expect(dead_code, reason = "shared with the tests of the reconciler")]
mod fly;
mod orders;
mod volumes;
#[path = "../reconcile/world.rs"]
#[expect(dead_code, reason = "shared with the tests of the reconciler")]
mod world;
