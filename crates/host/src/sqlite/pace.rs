//! Which statements are worth moving a thread's other work elsewhere for.
//!
//! A quick statement costs less than the move: with 16 clients and one insert a request, running in
//! place serves 14,500 requests/s and moving every time 8,000. But one that scans a table or waits
//! for the disk would keep the other tasks of its thread waiting, so those move, once they have
//! been seen to take long.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::runtime::{Handle, RuntimeFlavor};

/// How long a statement may take before it counts as slow.
const SLOW: Duration = Duration::from_millis(1);

/// How many slow statements are remembered.
const REMEMBERED_MAX: usize = 256;

/// The slow statements of a database.
#[derive(Default)]
pub(crate) struct Pace {
    slow: RwLock<HashSet<String>>,
}

impl Pace {
    /// Runs `work`, which is what the statement `text` takes.
    pub(crate) fn run<R>(&self, text: &str, work: impl FnOnce() -> R) -> R {
        let was_slow = self.slow.read().unwrap_or_else(PoisonError::into_inner).contains(text);
        let started = Instant::now();
        let result = if was_slow && can_move() { tokio::task::block_in_place(work) } else { work() };
        let is_slow = started.elapsed() > SLOW;
        if is_slow != was_slow {
            self.remember(text, is_slow);
        }
        result
    }

    fn remember(&self, text: &str, is_slow: bool) {
        let mut slow = self.slow.write().unwrap_or_else(PoisonError::into_inner);
        if !is_slow {
            slow.remove(text);
        } else if slow.len() < REMEMBERED_MAX {
            slow.insert(text.to_owned());
        }
    }
}

/// Whether there is another thread for the other work.
fn can_move() -> bool {
    Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread)
}
