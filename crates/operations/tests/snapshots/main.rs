//! Snapshots and files on a real database, in this process. Names that begin with `w…` are weak spots of the existing system
//! (queue-worker.md section 17) that are gone here.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

mod attachments;
mod collecting;
mod growth;
mod links;
mod links_corpus;
mod memory;
mod object_store;
#[path = "../common/prepared.rs"]
mod prepared;
mod property;
mod restoring;
mod transfers;
mod uploads;
#[path = "../common/world.rs"]
#[expect(dead_code, reason = "each of the tests that share it uses a part")]
mod world;
