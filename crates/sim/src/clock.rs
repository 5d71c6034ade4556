//! Virtual time: it stands while anything can be done, and then leaps to the next instant at which something can.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clawstead_host::Clock;
use tokio::time::Instant;

/// The wall clock at the beginning of every run, ms since the epoch.
pub const BEGINNING_MS: u64 = 1_800_000_000_000;

/// The clock of the host. It goes by Tokio's, which the runtime pauses; its wall clock can be set forward besides. And the host can be
/// frozen: nothing of it goes on, and time does.
#[derive(Debug)]
pub struct VirtualClock {
    origin: Instant,
    ahead_ms: AtomicU64,
    /// The host is frozen until then, ms since the beginning.
    frozen_until_ms: Arc<AtomicU64>,
}

impl VirtualClock {
    /// A clock that begins now, on a paused runtime.
    pub fn new() -> Self {
        Self { origin: Instant::now(), ahead_ms: AtomicU64::new(0), frozen_until_ms: Arc::default() }
    }

    /// Milliseconds since the beginning.
    pub fn elapsed_ms(&self) -> u64 {
        millis(self.origin.elapsed())
    }

    /// What the world outside takes for the time, ms since the epoch.
    pub fn outside_ms(&self) -> u64 {
        BEGINNING_MS + self.elapsed_ms()
    }

    /// What the host takes for it.
    pub fn wall_ms(&self) -> u64 {
        self.outside_ms() + self.ahead_ms.load(Ordering::Relaxed)
    }

    /// Sets the host's wall clock forward.
    pub fn set_forward(&self, by_ms: u64) {
        self.ahead_ms.fetch_add(by_ms, Ordering::Relaxed);
    }

    /// Freezes the host for so long, ms.
    pub fn freeze(&self, ms: u64) {
        self.frozen_until_ms.fetch_max(self.elapsed_ms() + ms, Ordering::Relaxed);
    }

    /// How long the host is still frozen; none when it is not.
    pub fn frozen_for(&self) -> Option<Duration> {
        let left = self.frozen_until_ms.load(Ordering::Relaxed).saturating_sub(self.elapsed_ms());
        (left > 0).then(|| Duration::from_millis(left))
    }

    /// Waits until the host is not frozen.
    pub fn thawed(&self) -> impl Future<Output = ()> + Send + use<> {
        let (origin, until_ms) = (self.origin, Arc::clone(&self.frozen_until_ms));
        async move {
            let until = || origin + Duration::from_millis(until_ms.load(Ordering::Relaxed));
            while Instant::now() < until() {
                tokio::time::sleep_until(until()).await;
            }
        }
    }
}

impl Default for VirtualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.wall_ms())
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(1) + self.origin.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let thawed = self.thawed();
        Box::pin(async move {
            tokio::time::sleep(duration).await;
            thawed.await;
        })
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
