//! Who may ask for what, and how often, on a database file.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

mod rates;
mod reach;
mod tokens;
mod world;
