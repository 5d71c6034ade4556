use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::call::Call;
use crate::{Outcome, Refusal, RefusalKind};

/// A clock that can be waited on.
pub trait Timer {
    /// The instant, ms since the epoch.
    fn now_ms(&self) -> i64;

    /// Ends after so many milliseconds.
    fn sleep(&self, ms: u64) -> Pin<Box<dyn Future<Output = ()> + '_>>;
}

/// How much one call may cost in time and in tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// So often it is made at most.
    pub tries: u32,
    /// So long after its beginning, in ms, nothing more is sent: neither when its turn comes, nor for another try.
    pub time_ms: u64,
}

impl Default for Budget {
    /// Three tries and five seconds: a tick has ten for everything, and what is sent last may take as long again.
    fn default() -> Self {
        Self { tries: 3, time_ms: 5_000 }
    }
}

/// One request a second for each action and machine or app, bursts of three (outside-contracts.md).
const USUAL: Rate = Rate { every_ms: 1_000, burst: 3 };

/// Reading one machine: five a second, bursts of ten (outside-contracts.md).
const OFTEN: Rate = Rate { every_ms: 200, burst: 10 };

/// The first pause before another try; it doubles with each. Only one tick is under way at a time, so nobody else waits for
/// the same instant, and no dice are needed.
const PAUSE_MS: u64 = 250;

/// So many slots may be remembered before those that are free again are forgotten.
const SLOTS_MAX: usize = 1_000;

#[derive(Clone, Copy)]
struct Rate {
    every_ms: i64,
    burst: i64,
}

/// Keeps calls within Fly's rate limits, and tries again within a budget.
///
/// What has to wait too long is refused as [`RefusalKind::RateLimited`] without being sent. An unknown outcome is tried again
/// only where twice is as good as once; a call that surely had no effect is tried again when Fly is busy or was not reached.
/// To be kept as long as the process lives, or the limits begin anew each time.
pub struct Pace {
    timer: Box<dyn Timer>,
    budget: Budget,
    /// For each action and its object, when the last one allowed would be due at the steady rate (GCRA).
    due: RefCell<HashMap<String, i64>>,
}

impl fmt::Debug for Pace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pace").field("budget", &self.budget).finish_non_exhaustive()
    }
}

impl Pace {
    /// A pace with nothing sent yet.
    #[must_use]
    pub fn new(timer: Box<dyn Timer>, budget: Budget) -> Self {
        Self { timer, budget, due: RefCell::default() }
    }

    /// Makes a call as often as it takes and is allowed.
    pub(crate) async fn keep<R>(&self, call: &Call<'_>, base: &str, send: impl AsyncFn() -> Outcome<R>) -> Outcome<R> {
        let slot = format!("{} {base}{}", call.method, call.path);
        let rate = if call.often { OFTEN } else { USUAL };
        let last_at = self.timer.now_ms().saturating_add_unsigned(self.budget.time_ms);
        let is_too_long = |ms: u64| self.timer.now_ms().saturating_add_unsigned(ms) > last_at;
        for attempt in 1.. {
            let turn_in = self.turn_in(&slot, rate);
            if is_too_long(turn_in) {
                return Outcome::Refused(too_soon(turn_in));
            }
            self.pause(turn_in).await;
            self.take_turn(&slot, rate);
            let outcome = send().await;
            let pause_ms = match advice(&outcome, call.repeatable) {
                Advice::Accept => return outcome,
                Advice::Again => PAUSE_MS << (attempt - 1).min(10),
                Advice::AgainAfter(ms) => {
                    self.close(&slot, rate, ms);
                    0
                }
            };
            if attempt >= self.budget.tries || is_too_long(pause_ms) {
                return outcome;
            }
            self.pause(pause_ms).await;
        }
        unreachable!("the loop ends by returning")
    }

    /// In how many ms the next call of a slot is allowed.
    fn turn_in(&self, slot: &str, rate: Rate) -> u64 {
        let due = self.due.borrow().get(slot).copied();
        let earliest = due.map_or(i64::MIN, |due| due.saturating_sub(rate.every_ms * (rate.burst - 1)));
        u64::try_from(earliest.saturating_sub(self.timer.now_ms())).unwrap_or(0)
    }

    fn take_turn(&self, slot: &str, rate: Rate) {
        let now = self.timer.now_ms();
        let mut due = self.due.borrow_mut();
        if due.len() >= SLOTS_MAX {
            due.retain(|_, due| *due > now);
        }
        let due = due.entry(slot.to_owned()).or_insert(now);
        *due = now.max(*due) + rate.every_ms;
    }

    /// Fly said when it will take the next one.
    fn close(&self, slot: &str, rate: Rate, for_ms: u64) {
        let opens_at = self.timer.now_ms().saturating_add_unsigned(for_ms);
        self.due.borrow_mut().insert(slot.to_owned(), opens_at.saturating_add(rate.every_ms * (rate.burst - 1)));
    }

    async fn pause(&self, ms: u64) {
        if ms > 0 {
            self.timer.sleep(ms).await;
        }
    }
}

/// What to do with an outcome.
enum Advice {
    Accept,
    Again,
    AgainAfter(u64),
}

fn advice<R>(outcome: &Outcome<R>, repeatable: bool) -> Advice {
    match outcome {
        Outcome::Unknown(_) if repeatable => Advice::Again,
        Outcome::Refused(refusal) => match refusal.kind {
            RefusalKind::RateLimited { retry_after_ms } => Advice::AgainAfter(retry_after_ms),
            RefusalKind::NotSent(error) if error != clawstead_transport::TransportError::Denied => Advice::Again,
            _ => Advice::Accept,
        },
        Outcome::Done(_) | Outcome::Unknown(_) => Advice::Accept,
    }
}

fn too_soon(turn_in_ms: u64) -> Refusal {
    let message = "it would be more than Fly allows".to_owned();
    Refusal { status: None, kind: RefusalKind::RateLimited { retry_after_ms: turn_in_ms }, message }
}
