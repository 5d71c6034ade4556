//! The clock that guests, timers and cron expressions go by.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use wasmtime::component::{Accessor, HasData, Linker};
use wasmtime_wasi::p3::bindings::clocks::monotonic_clock;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

use crate::state::GuestState;

/// Time, as the host and its guests see it. A simulation passes its own.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock. It may be set back.
    fn now(&self) -> SystemTime;

    /// Time since a fixed instant of the caller's choice. It never goes back.
    fn monotonic(&self) -> Duration;

    /// Completes when [`monotonic`](Self::monotonic) has advanced by `duration`.
    ///
    /// Guests' timers of WASI 0.3, cron triggers and database locks wait by it. Those of WASI 0.2
    /// (`std::thread::sleep` in a guest), network timeouts and the host's limits go by Tokio's.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The computer's own clocks.
#[derive(Debug)]
pub struct SystemClock {
    origin: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The clock as WASI's wall and monotonic clocks.
#[derive(Clone)]
pub(crate) struct WasiClock(pub(crate) Arc<dyn Clock>);

impl HostWallClock for WasiClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        self.0.now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

impl HostMonotonicClock for WasiClock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        nanoseconds(self.0.monotonic())
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    duration.as_nanos().try_into().unwrap_or(u64::MAX)
}

/// `wasi:clocks/monotonic-clock@0.3` on our clock. `wasmtime-wasi` reads the time from the context
/// but waits on Tokio's timer, which a simulation could not own.
struct Monotonic;

impl HasData for Monotonic {
    type Data<'a> = MonotonicView<'a>;
}

struct MonotonicView<'a>(&'a Arc<dyn Clock>);

impl monotonic_clock::Host for MonotonicView<'_> {
    fn now(&mut self) -> wasmtime::Result<monotonic_clock::Mark> {
        Ok(nanoseconds(self.0.monotonic()))
    }

    fn get_resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(1)
    }
}

impl<T: 'static> monotonic_clock::HostWithStore<T> for Monotonic {
    async fn wait_until(accessor: &Accessor<T, Self>, when: u64) -> wasmtime::Result<()> {
        let clock = accessor.with(|mut access| Arc::clone(access.get().0));
        let left = when.saturating_sub(nanoseconds(clock.monotonic()));
        wait(&*clock, left).await;
        Ok(())
    }

    async fn wait_for(accessor: &Accessor<T, Self>, duration: u64) -> wasmtime::Result<()> {
        let clock = accessor.with(|mut access| Arc::clone(access.get().0));
        wait(&*clock, duration).await;
        Ok(())
    }
}

async fn wait(clock: &dyn Clock, nanoseconds: u64) {
    if nanoseconds > 0 {
        clock.sleep(Duration::from_nanos(nanoseconds)).await;
    }
}

/// Puts our monotonic clock in the place of the one that is linked already.
pub(crate) fn link(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let linked = monotonic_clock::add_to_linker::<_, Monotonic>(linker, |state| MonotonicView(&state.services.clock));
    linker.allow_shadowing(false);
    linked
}
