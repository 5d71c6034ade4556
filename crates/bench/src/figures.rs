//! Medians, spreads, percentiles.

use std::time::Duration;

use serde::Serialize;

/// One figure, measured several times.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// Of at least one value.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        Self { median: at(values.len() / 2), least: at(0), most: at(values.len().saturating_sub(1)) }
    }
}

/// One run: how often in what time, and how long each took.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) rate: f64,
    latencies: Vec<Duration>,
}

impl Run {
    pub(crate) fn new(mut latencies: Vec<Duration>, time: Duration) -> Self {
        latencies.sort_unstable();
        Self { rate: latencies.len() as f64 / time.as_secs_f64(), latencies }
    }

    pub(crate) fn count(&self) -> u64 {
        self.latencies.len() as u64
    }

    /// Milliseconds within which so many percent were done.
    pub(crate) fn percentile_ms(&self, percent: usize) -> f64 {
        let index = (self.latencies.len() * percent / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(index).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1_000.0)
    }
}

/// One measurement: its rate and its latencies, over all runs.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Figures {
    pub(crate) rate: Spread,
    pub(crate) p50_ms: Spread,
    pub(crate) p99_ms: Spread,
}

impl Figures {
    pub(crate) fn of(runs: &[Run]) -> Self {
        Self {
            rate: Spread::of(runs.iter().map(|run| run.rate)),
            p50_ms: Spread::of(runs.iter().map(|run| run.percentile_ms(50))),
            p99_ms: Spread::of(runs.iter().map(|run| run.percentile_ms(99))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_tells_its_rate_and_its_percentiles() {
        let run = Run::new((1..=200).rev().map(Duration::from_millis).collect(), Duration::from_secs(2));
        assert_eq!((run.rate, run.count()), (100.0, 200));
        assert_eq!((run.percentile_ms(50), run.percentile_ms(99)), (101.0, 199.0));
        let spread = Spread::of([3.0, 1.0, 2.0]);
        assert_eq!((spread.least, spread.median, spread.most), (1.0, 2.0, 3.0));
    }
}
