//! The clock and the dice in the caller's hands.

mod common;

use clawstead_host::{Clock, Random};
use common::start_with;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;

/// A clock that stands until it is moved.
#[derive(Default)]
struct Stopped {
    milliseconds: AtomicU64,
    moved: Notify,
}

impl Stopped {
    fn advance(&self, milliseconds: u64) {
        self.milliseconds.fetch_add(milliseconds, Ordering::SeqCst);
        self.moved.notify_waiters();
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.milliseconds.load(Ordering::SeqCst))
    }
}

/// What the host holds of the clock.
struct Handle(Arc<Stopped>);

impl Clock for Handle {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_800_000_000) + self.0.elapsed()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(1) + self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let clock = Arc::clone(&self.0);
        let end = clock.elapsed() + duration;
        Box::pin(async move {
            loop {
                let moved = clock.moved.notified();
                if clock.elapsed() >= end {
                    return;
                }
                moved.await;
            }
        })
    }
}

/// Dice that a seed decides.
struct Seeded(AtomicU64);

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let state = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
            *byte = ((state ^ (state >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 56) as u8;
        }
    }
}

#[tokio::test]
async fn guests_read_the_callers_clock() {
    let clock = Arc::new(Stopped::default());
    let fixture = start_with(|options| options.clock(Arc::new(Handle(Arc::clone(&clock))))).await;
    for passed in [0, 1500] {
        clock.advance(passed);
        let expected = serde_json::json!({
            "wall_ms": 1_800_000_000_000_u64 + passed,
            "system_s": 1_800_000_000_u64 + passed / 1000,
            "monotonic_ns": (1000 + passed) * 1_000_000,
            "elapsed_ns": 0,
        });
        assert_eq!(fixture.json("/time").await, expected);
    }
}

#[tokio::test]
async fn guests_wait_by_the_callers_clock() {
    let clock = Arc::new(Stopped::default());
    let fixture = start_with(|options| options.clock(Arc::new(Handle(Arc::clone(&clock))))).await;
    let asked = Instant::now();
    let turn = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        clock.advance(3_599_999);
        tokio::time::sleep(Duration::from_millis(100)).await;
        clock.advance(1);
        asked.elapsed()
    };
    let (hour, turned) = tokio::join!(fixture.text("/sleep?3600000"), turn);
    assert_eq!(hour.0, 200);
    assert!(asked.elapsed() >= turned.min(Duration::from_millis(200)));
    assert!(asked.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn guests_throw_the_callers_dice() {
    let mut seen = Vec::new();
    for seed in [1, 1, 2] {
        let random = Arc::new(Seeded(AtomicU64::new(seed)));
        let fixture = start_with(|options| options.random(random)).await;
        seen.push(fixture.json("/random").await);
    }
    assert_eq!(seen[0], seen[1]);
    assert_ne!(seen[0]["bytes"], seen[2]["bytes"]);
    assert_ne!(seen[0]["order"], seen[2]["order"], "the seed of hash maps is thrown, too");
}
