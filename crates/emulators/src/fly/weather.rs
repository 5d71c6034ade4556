//! Bad weather: troubles that come by chance, the same ones for the same seed and the same requests.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::faults::Fault;

/// How often what goes wrong. Of a thousand each; with the default, nothing does.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weather {
    /// Where the dice begin.
    pub seed: u64,
    /// Requests that get a 500 and have no effect.
    pub errors: u32,
    /// Requests that take effect and get a 504.
    pub lost_replies: u32,
    /// Requests that get a 429, with `Retry-After: 1`, and have no effect.
    pub busy: u32,
    /// Requests that wait up to `slow_ms` before they are looked at.
    pub slow: u32,
    /// The longest such wait.
    pub slow_ms: u64,
    /// Creations of machines and volumes that find no room.
    pub full: u32,
    /// Starts of a process that ends by itself, within `ends_within_ms`, every second one of them with a failure.
    pub endings: u32,
    /// The longest life of such a process.
    pub ends_within_ms: u64,
}

/// The weather of now, and its dice; and how much trouble there was.
#[derive(Default)]
pub(crate) struct Sky(Mutex<Option<(Weather, StdRng)>>, AtomicU64);

/// The end of a process that nobody asked for.
#[derive(Clone, Copy)]
pub(crate) struct OwnEnd {
    pub(crate) after: Duration,
    pub(crate) code: i32,
}

impl Sky {
    fn lock(&self) -> MutexGuard<'_, Option<(Weather, StdRng)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, weather: Weather) {
        let dice = StdRng::seed_from_u64(weather.seed);
        *self.lock() = Some((weather, dice));
    }

    pub(crate) fn clear(&self) {
        *self.lock() = None;
    }

    /// How many requests and processes met trouble so far.
    pub(crate) fn troubles(&self) -> u64 {
        self.1.load(Ordering::Relaxed)
    }

    /// What a request meets. At most one kind of trouble, and a wait beside it.
    pub(crate) fn trouble(&self, method: &str, path: &str) -> Fault {
        let mut sky = self.lock();
        let Some((weather, dice)) = sky.as_mut() else { return Fault::default() };
        let creates = method == "POST" && (path.ends_with("/machines") || path.ends_with("/volumes"));
        let mut fault = Fault::default();
        if happens(dice, weather.slow) && weather.slow_ms > 0 {
            fault.latency_ms = Some(dice.random_range(0..=weather.slow_ms));
        }
        if happens(dice, weather.errors) {
            fault.status = Some(StatusCode::INTERNAL_SERVER_ERROR.as_u16());
        } else if happens(dice, weather.busy) {
            (fault.status, fault.retry_after) = (Some(StatusCode::TOO_MANY_REQUESTS.as_u16()), Some(1));
        } else if creates && happens(dice, weather.full) {
            (fault.status, fault.no_capacity) = (Some(StatusCode::UNPROCESSABLE_ENTITY.as_u16()), true);
        } else {
            fault.lost_reply = happens(dice, weather.lost_replies);
        }
        if fault.status.is_some() || fault.lost_reply {
            self.1.fetch_add(1, Ordering::Relaxed);
        }
        fault
    }

    /// Whether a process that starts now will end by itself.
    pub(crate) fn own_end(&self) -> Option<OwnEnd> {
        let mut sky = self.lock();
        let (weather, dice) = sky.as_mut()?;
        if !happens(dice, weather.endings) {
            return None;
        }
        self.1.fetch_add(1, Ordering::Relaxed);
        let after = Duration::from_millis(dice.random_range(0..=weather.ends_within_ms));
        Some(OwnEnd { after, code: i32::from(dice.random::<bool>()) })
    }
}

fn happens(dice: &mut StdRng, of_a_thousand: u32) -> bool {
    dice.random_range(0..1_000) < of_a_thousand
}

#[cfg(test)]
mod tests {
    use super::{Sky, Weather};

    #[test]
    fn the_same_seed_brings_the_same_troubles() {
        let weather = || Weather { seed: 7, errors: 200, lost_replies: 200, busy: 100, full: 500, ..Weather::default() };
        let troubles = || {
            let sky = Sky::default();
            sky.set(weather());
            (0..200).map(|_| format!("{:?}", sky.trouble("POST", "/apps/a/machines"))).collect::<Vec<_>>()
        };
        assert_eq!(troubles(), troubles());
        let all = troubles().join("\n");
        for part in ["status: Some(500)", "status: Some(429)", "no_capacity: true", "lost_reply: true", "status: None"] {
            assert!(all.contains(part), "{part}");
        }
    }

    #[test]
    fn without_weather_nothing_happens() {
        let sky = Sky::default();
        assert!((0..100).all(|_| sky.trouble("POST", "/").status.is_none() && sky.own_end().is_none()));
    }
}
