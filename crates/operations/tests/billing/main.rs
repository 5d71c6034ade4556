//! What must not be billed, and what was: cleanups, figures, costs.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod figures;
#[path = "../reconcile/fly.rs"]
#[expect(dead_code, reason = "shared with the tests of the reconciler")]
mod fly;
mod money;
mod orders;
mod volumes;
#[path = "../reconcile/world.rs"]
#[expect(dead_code, reason = "shared with the tests of the reconciler")]
mod world;
