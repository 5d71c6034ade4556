//! Telegram in both directions: updates with everything they can bring, files, groups, and the outbox, on a database file, with a
//! Telegram of the test. Named after the weak spots of the existing system (identity-telegram.md section 11, queue-worker.md section
//! 17) and the scenarios of the new one (C…) where they show one.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

mod albums;
mod api;
mod desk;
mod edits;
mod ends;
mod files;
mod flood;
mod groups;
mod kinds;
mod outbox;
mod replies;
#[path = "../identity/stage.rs"]
mod stage;
#[path = "../identity/telegram.rs"]
#[expect(dead_code, reason = "shared with the tests of identity, which use the rest of it")]
mod telegram;
mod told;
mod views;
#[path = "../identity/world.rs"]
#[expect(dead_code, reason = "shared with the tests of identity, which use the rest of it")]
mod world;
