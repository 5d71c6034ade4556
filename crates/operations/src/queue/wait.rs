//! Waiting for work: looks at the queue, with pauses between them, until there is something to claim.

use std::cell::Cell;
use std::time::Duration;

use clawstead_domain::config::LeasePolicy;
use clawstead_ledger::Engine;

use super::claim::{ClaimSpread, Job, Wish, claim_among};
use crate::workers::{self, Worker};
use crate::{Cx, OperationError, configs};

/// The pause between two looks, when the wait begins and when it has gone on for long. The longest one is what a message may
/// wait for a worker that waits for it.
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(50);

/// A look so young is as good as one's own.
const LOOK_FRESH_MS: i64 = 5;

/// What was ready and not free for this worker may become so without an event: a holder of the conversation falls silent.
const RETRY_MS: i64 = 250;

/// For how long a worker waits, and by what.
pub struct Patience<'a, P> {
    /// At most so long.
    pub wait: Duration,
    /// The instant, ms since the epoch.
    pub clock: &'a dyn Fn() -> i64,
    /// Lets time pass, while others may run.
    pub pause: P,
}

impl<P> std::fmt::Debug for Patience<'_, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Patience").field("wait", &self.wait).finish_non_exhaustive()
    }
}

/// The last look at the queue. Workers that wait in one instance share it, so that many of them look hardly more often than one.
#[derive(Debug, Default)]
pub struct QueueWatch {
    last: Cell<Option<Look>>,
    /// How far apart the claims of the instance are made.
    pub spread: ClaimSpread,
}

#[derive(Debug, Clone, Copy)]
struct Look {
    at: i64,
    /// Of the newest event.
    position: i64,
    /// Whether some conversation has a message that could be claimed, by whomever.
    ready: bool,
}

impl QueueWatch {
    async fn look<E: Engine>(&self, cx: &Cx<'_, E>) -> Result<Look, OperationError> {
        if let Some(look) = self.last.get().filter(|look| (0..LOOK_FRESH_MS).contains(&(cx.now - look.at))) {
            return Ok(look);
        }
        let sql = "SELECT (SELECT max(position) FROM events) AS position, \
                   EXISTS (SELECT 1 FROM queue_heads WHERE paused = 0 AND rank <= ?1 AND ready_at <= ?1) AS ready";
        let rows = cx.sql(sql, &[cx.now.into()]).await?;
        let row = rows.first().ok_or_else(|| OperationError::unexpected("a look at the queue"))?;
        let look = Look { at: cx.now, position: row.integer("position").unwrap_or(0), ready: row.flag("ready") };
        self.last.set(Some(look));
        Ok(look)
    }
}

/// As [`claim_among`], but waits for a message when there is none. `None` when the time is up, and at once when the worker is to take
/// no more work. A worker that waits counts as in contact.
///
/// # Errors
/// When the database does not do it.
pub async fn claim_within<E: Engine, P: AsyncFn(Duration)>(
    cx: &Cx<'_, E>,
    watch: &QueueWatch,
    worker: &Worker,
    wish: Wish<'_>,
    patience: &Patience<'_, P>,
) -> Result<Option<Job>, OperationError> {
    let mut seen = watch.look(cx).await?;
    if let Some(job) = claim_among(cx, &watch.spread, worker, wish).await? {
        return Ok(Some(job));
    }
    let mut worker = worker.clone();
    let contact_every_ms = contact_every_ms(cx).await?;
    let (mut tried_at, mut contact_at) = (cx.now, cx.now);
    let mut waited = Duration::ZERO;
    // Both are counted: pauses may take longer than asked, and the clock may be set back.
    let until = cx.now.saturating_add(i64::try_from(patience.wait.as_millis()).unwrap_or(i64::MAX));
    while worker.state.takes_work() && waited < patience.wait && (patience.clock)() < until {
        let pause = pause_after(waited).min(patience.wait - waited);
        (patience.pause)(pause).await;
        waited += pause;
        let cx = cx.at((patience.clock)());
        let look = watch.look(&cx).await?;
        let moved = look.position != seen.position;
        let contact_due = cx.now - contact_at >= contact_every_ms;
        if moved || contact_due {
            let Some(known) = workers::by_id(&cx, &worker.worker_id).await? else { return Ok(None) };
            worker = Worker { needs_bot: worker.needs_bot, ..known };
        }
        if contact_due {
            workers::saw(&cx, &worker).await?;
            contact_at = cx.now;
        }
        let worth_a_try = moved || !seen.ready || cx.now - tried_at >= RETRY_MS;
        if look.ready && worth_a_try {
            tried_at = cx.now;
            if let Some(job) = claim_among(&cx, &watch.spread, &worker, wish).await? {
                return Ok(Some(job));
            }
        }
        seen = look;
    }
    Ok(None)
}

/// Often enough not to be silent, and no oftener: each contact is a write.
async fn contact_every_ms<E: Engine>(cx: &Cx<'_, E>) -> Result<i64, OperationError> {
    let policy: LeasePolicy = configs::load(cx).await?.get()?;
    Ok(policy.silent_after_ms / 3)
}

/// Grows with the time waited in vain: whoever has waited for long can wait a little longer.
fn pause_after(waited: Duration) -> Duration {
    let grown = Duration::from_millis(u64::try_from(waited.as_millis() / 100).unwrap_or(u64::MAX));
    PAUSE_MIN.saturating_add(grown).min(PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_within_bounds() {
        let after = |seconds| pause_after(Duration::from_secs(seconds)).as_millis();
        assert_eq!((after(0), after(1), after(3), after(25)), (20, 30, 50, 50));
    }
}
