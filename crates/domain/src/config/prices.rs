use serde::{Deserialize, Serialize};

use super::{Policy, within};
use crate::{Refusal, text};

/// What machines and volumes cost, for estimates. All are millionths of the currency; 0 until somebody says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PricesPolicy {
    /// What prices are in.
    pub currency: String,
    /// A machine of the size of policy `provider` that runs for an hour.
    pub machine_hour_micros: i64,
    /// One that is stopped for an hour: its root file system is billed.
    pub stopped_machine_hour_micros: i64,
    /// A GB of a volume for an hour, attached or not.
    pub volume_gb_hour_micros: i64,
}

impl Default for PricesPolicy {
    fn default() -> Self {
        Self { currency: "USD".to_owned(), machine_hour_micros: 0, stopped_machine_hour_micros: 0, volume_gb_hour_micros: 0 }
    }
}

impl Policy for PricesPolicy {
    const NAME: &'static str = "prices";

    fn check(&self) -> Result<(), Refusal> {
        text::check_text("currency", &self.currency, 16)?;
        within("machine_hour_micros", self.machine_hour_micros, 0, 1_000_000_000_000)?;
        within("stopped_machine_hour_micros", self.stopped_machine_hour_micros, 0, 1_000_000_000_000)?;
        within("volume_gb_hour_micros", self.volume_gb_hour_micros, 0, 1_000_000_000_000)
    }
}
