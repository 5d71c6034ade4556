//! Virtual time: it stands while anything can be done, and then leaps to the next instant at which something can.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clawstead_host::Clock;
use tokio::time::Instant;

/// The wall clock at the beginning of every run, ms since the epoch.
pub const BEGINNING_MS: u64 = 1_800_000_000_000;

/// The clock of the host. It goes by Tokio's, which the runtime pauses; its wall clock can be set forward besides.
#[derive(Debug)]
pub struct VirtualClock {
    origin: Instant,
    ahead_ms: AtomicU64,
}

impl VirtualClock {
    /// A clock that begins now, on a paused runtime.
    pub fn new() -> Self {
        Self { origin: Instant::now(), ahead_ms: AtomicU64::new(0) }
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
        Box::pin(tokio::time::sleep(duration))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
