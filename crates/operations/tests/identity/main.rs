//! Bots, pairing codes, bindings and the updates that Telegram delivers, on a database file, with a clock and dice of the test.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

mod app_events;
mod bindings;
mod bots_link;
mod bots_retire;
mod bots_rotate;
mod bots_unlink;
mod bots_webhook;
mod fuzz;
mod ingress_authenticate;
mod ingress_duplicates;
mod ingress_receive;
mod ingress_updates;
#[path = "../common/odd.rs"]
mod odd;
mod onboarding;
mod pairings_consume;
mod pairings_create;
mod pairings_guesses;
mod pairings_races;
mod pairings_revoke;
mod secrets;
mod stage;
mod subscriptions;
mod telegram;
mod templates;
mod users;
mod vault;
mod world;
