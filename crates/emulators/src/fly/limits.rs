//! Fly's limits of rate: one request a second for each action and machine or app, bursts of three; for looking at one machine
//! five a second, bursts of ten (outside-contracts.md).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::clock::now_ms;

/// The buckets of all actions and their objects; none while the limits are off.
#[derive(Default)]
pub(crate) struct Limits(Mutex<Option<HashMap<String, i64>>>);

impl Limits {
    pub(crate) fn set(&self, on: bool) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = on.then(HashMap::new);
    }

    /// Whether one more request is within the limits.
    pub(crate) fn allow(&self, method: &str, path: &str) -> bool {
        self.allow_at(method, path, now_ms())
    }

    fn allow_at(&self, method: &str, path: &str, now: i64) -> bool {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(buckets) = buckets.as_mut() else { return true };
        let (every_ms, burst) = if reads_one_machine(method, path) { (200, 10) } else { (1_000, 3) };
        let due = buckets.entry(format!("{method} {path}")).or_insert(now);
        if *due - every_ms * (burst - 1) > now {
            return false;
        }
        *due = now.max(*due) + every_ms;
        true
    }
}

fn reads_one_machine(method: &str, path: &str) -> bool {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    method == "GET" && matches!(segments[..], ["apps", _, "machines", _])
}

#[cfg(test)]
mod tests {
    use super::Limits;

    #[test]
    fn three_at_once_and_one_a_second_for_each_machine() {
        let limits = Limits::default();
        limits.set(true);
        let stop = |machine: &str, at| limits.allow_at("POST", &format!("/apps/a/machines/{machine}/stop"), at);
        assert!(stop("m1", 0) && stop("m1", 0) && stop("m1", 0) && !stop("m1", 0));
        assert!(stop("m2", 0));
        assert!(!stop("m1", 999) && stop("m1", 1_000) && !stop("m1", 1_000));
        assert!((0..10).all(|_| limits.allow_at("GET", "/apps/a/machines/m1", 0)));
        assert!(!limits.allow_at("GET", "/apps/a/machines/m1", 0));
        limits.set(false);
        assert!(stop("m1", 0));
    }
}
