//! clawstead from end to end: the built components over HTTP. One binary, so that the host is linked once.

mod attachments;
mod calls_corpus;
mod claims;
mod deaths;
mod events;
mod files;
mod functions;
mod fuzz;
mod health;
mod identity;
mod lives;
mod messages;
#[path = "../../../crates/operations/tests/common/odd.rs"]
#[expect(dead_code, reason = "shared with the tests of identity, which use the rest of it")]
mod odd;
mod operator;
mod outbox;
mod pairing;
mod provider;
mod pushes;
mod races;
mod refusals;
mod restart;
mod skills;
mod skills_signed;
mod snapshots;
mod story;
mod templates;
mod waiting_claim;
mod webhook;
mod wire;
mod workers;
