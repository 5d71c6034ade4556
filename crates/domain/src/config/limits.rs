//! How much may be asked in a while.

use serde::{Deserialize, Serialize};

use super::{Policy, within};
use crate::Refusal;

/// Limits on whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsPolicy {
    /// Requests of one API key within a minute.
    pub key_requests_max: i64,
    /// Updates of one bot within a minute.
    pub bot_updates_max: i64,
    /// Pairing codes that one chat may try within an hour. Good ones are not counted.
    pub pairing_guesses_max: i64,
}

impl Default for LimitsPolicy {
    fn default() -> Self {
        Self { key_requests_max: 60_000, bot_updates_max: 60_000, pairing_guesses_max: 10 }
    }
}

impl Policy for LimitsPolicy {
    const NAME: &'static str = "limits";

    fn check(&self) -> Result<(), Refusal> {
        within("key_requests_max", self.key_requests_max, 1, 100_000_000)?;
        within("bot_updates_max", self.bot_updates_max, 1, 100_000_000)?;
        within("pairing_guesses_max", self.pairing_guesses_max, 1, 1_000)
    }
}
