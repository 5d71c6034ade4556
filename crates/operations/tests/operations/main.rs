//! Operations on a real database, in this process: given what happened, when somebody asks, then this.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

mod agents;
mod api_keys;
mod configs;
mod everything;
mod everything_files;
mod everything_pushes;
mod everything_skills;
mod everything_telegram;
#[path = "../common/odd.rs"]
mod odd;
mod plans;
#[path = "../common/prepared.rs"]
mod prepared;
mod property;
mod queue_claim;
mod queue_claim_key;
mod queue_cost;
mod queue_enqueue;
mod queue_leases;
mod queue_turns;
mod queue_wait;
mod read_costs;
mod recording;
mod secrets;
#[path = "../common/skill.rs"]
mod skill;
mod skills;
mod skills_fuzz;
mod skills_property;
mod skills_signed;
#[path = "../common/world.rs"]
#[expect(dead_code, reason = "each of the tests that share it uses a part")]
mod world;
