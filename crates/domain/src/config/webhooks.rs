//! How hard it is tried to tell a consumer app.

use serde::{Deserialize, Serialize};

use super::{DAY_MS, Policy, within};
use crate::Refusal;

/// Deliveries to consumer apps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhooksPolicy {
    /// A delivery that failed so often is given up, and what comes after it goes on.
    pub attempts_max: i64,
    /// First delay; each one after it is twice as long.
    pub base_delay_ms: i64,
    /// Longest delay.
    pub max_delay_ms: i64,
    /// Events in one delivery at most.
    pub events_max: i64,
}

impl Default for WebhooksPolicy {
    fn default() -> Self {
        Self { attempts_max: 12, base_delay_ms: 5_000, max_delay_ms: 3_600_000, events_max: 50 }
    }
}

impl WebhooksPolicy {
    /// Delay after so many failures in a row.
    pub fn delay_ms(&self, attempts: i64) -> i64 {
        let doublings = u32::try_from(attempts.clamp(1, 40) - 1).unwrap_or(0);
        self.base_delay_ms.saturating_mul(1_i64 << doublings).min(self.max_delay_ms)
    }
}

impl Policy for WebhooksPolicy {
    const NAME: &'static str = "webhooks";

    fn check(&self) -> Result<(), Refusal> {
        within("attempts_max", self.attempts_max, 1, 100)?;
        within("base_delay_ms", self.base_delay_ms, 1, DAY_MS)?;
        within("max_delay_ms", self.max_delay_ms, self.base_delay_ms, DAY_MS)?;
        within("events_max", self.events_max, 1, 500)
    }
}
