//! What machines, volumes and messages cost: an estimate, from the log and the operator's prices.
//!
//! Times are of what the log knows: a machine runs from when it is known to exist until it is told to stop, and is kept until it
//! is seen to be gone. Fly's own bill has the last word.

mod days;
mod messages;

use clawstead_domain::config::PricesPolicy;

pub use days::{DayCost, Days, days};
pub use messages::{MessageCost, messages};

const HOUR_MS: f64 = 3_600_000.0;

/// What so many hours cost, in the currency of the policy; prices are in its millionths.
fn price(hours: f64, micros_an_hour: i64) -> f64 {
    hours * micros_an_hour as f64 / 1_000_000.0
}

fn hours(ms: i64) -> f64 {
    ms as f64 / HOUR_MS
}

/// What a machine costs while it works so long.
fn work_price(work_ms: i64, prices: &PricesPolicy) -> f64 {
    price(hours(work_ms), prices.machine_hour_micros)
}
