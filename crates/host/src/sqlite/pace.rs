//! Which statements are worth moving a thread's other work elsewhere for.
//!
//! A quick statement costs less than the move: with 16 clients and one insert a request, running in
//! place serves 14,500 requests/s and moving every time 8,000. But one that scans a table or waits
//! for the disk would keep the other tasks of its thread waiting, so those move, once they have
//! been seen to take long more often than not.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::runtime::{Handle, RuntimeFlavor};

/// How long a statement may take before it counts as slow.
const SLOW: Duration = Duration::from_millis(1);

/// From this score on, a statement's thread is cleared before it runs. One slow run is no reason:
/// the thread may have been taken away, or SQLite has moved its log into the database.
const SCORE_TO_MOVE: u8 = 4;

const SCORE_MAX: u8 = 8;

/// How many statements are remembered.
const REMEMBERED_MAX: usize = 256;

/// The slow statements of a database.
#[derive(Default)]
pub(crate) struct Pace {
    /// Slow runs add to the score, quick ones take away; who has none is not in it.
    scores: RwLock<HashMap<String, u8>>,
}

impl Pace {
    /// Runs `work`, which is what the statement `text` takes.
    pub(crate) fn run<R>(&self, text: &str, work: impl FnOnce() -> R) -> R {
        let score = self.score(text);
        let started = Instant::now();
        let result = if score >= SCORE_TO_MOVE && can_move() { tokio::task::block_in_place(work) } else { work() };
        let next = if started.elapsed() > SLOW { (score + 1).min(SCORE_MAX) } else { score.saturating_sub(1) };
        if next != score {
            self.remember(text, next);
        }
        result
    }

    fn score(&self, text: &str) -> u8 {
        let scores = self.scores.read().unwrap_or_else(PoisonError::into_inner);
        if scores.is_empty() { 0 } else { scores.get(text).copied().unwrap_or(0) }
    }

    fn remember(&self, text: &str, score: u8) {
        let mut scores = self.scores.write().unwrap_or_else(PoisonError::into_inner);
        if score == 0 {
            scores.remove(text);
        } else if let Some(known) = scores.get_mut(text) {
            *known = score;
        } else if scores.len() < REMEMBERED_MAX {
            scores.insert(text.to_owned(), score);
        }
    }
}

/// Whether there is another thread for the other work.
fn can_move() -> bool {
    Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread)
}
