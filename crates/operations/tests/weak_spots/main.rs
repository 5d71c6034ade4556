//! The weak spots of the existing system (queue-worker.md section 17, and those of push jobs, P, in scheduler-fly.md section 17.5), each
//! shown to be gone. A test is named after its number there. Those of snapshots, files and machines are with the tests of these; W-24,
//! W-26 and W-30 are refused over HTTP (`tests/tests/e2e`: `refusals`, `functions`).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

mod bots;
mod bridge;
mod broadcasts;
mod endings;
mod history;
mod intake;
mod leases;
mod order;
mod policies;
#[path = "../common/prepared.rs"]
mod prepared;
mod pushes;
mod reads;
mod secrets;
#[path = "../common/skill.rs"]
mod skill;
mod skills;
mod templates;
#[path = "../common/world.rs"]
#[expect(dead_code, reason = "each of the tests that share it uses a part")]
mod world;
