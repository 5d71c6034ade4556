//! Waiting for facts.

use std::time::{Duration, Instant};

/// Far longer than anything takes on a busy machine: a test that gets here has failed.
const DEADLINE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(50);

/// Looks again and again until `look` finds something.
///
/// # Panics
/// When it does not within two minutes; `what` says what was waited for.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(started.elapsed() < DEADLINE, "waited {} s for {what}", DEADLINE.as_secs());
        tokio::time::sleep(POLL).await;
    }
}
