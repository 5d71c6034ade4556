//! Bots, pairing codes, bindings and the updates that Telegram delivers, on a database file, with a clock and dice of the test.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

mod bots_link;
mod bots_webhook;
mod ingress_authenticate;
mod ingress_duplicates;
mod ingress_receive;
mod ingress_updates;
mod onboarding;
mod pairings_consume;
mod pairings_create;
mod pairings_races;
mod secrets;
mod stage;
mod telegram;
mod world;
