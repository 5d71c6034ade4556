//! The turn of one tick: who has it, and for how long.

use clawstead_ledger::{Engine, Lock};

use crate::{Cx, OperationError};

/// A tick that is interrupted lets the next one wait no longer than this. Longer than a tick may take: its time, and the
/// calls that are under way when it is up.
const LOCK_MS: i64 = 60_000;

/// Nothing new is begun after so long: a request should be answered within 25 s (outside-contracts.md, hosted Spin), and one
/// call may take most of it.
const TIME_MS: i64 = 10_000;

/// The right to tick, held by one at a time.
pub(crate) struct Turn<'a, E> {
    begun: &'a Cx<'a, E>,
    clock: &'a dyn Fn() -> i64,
    lock: Lock,
}

impl<'a, E: Engine> Turn<'a, E> {
    /// Takes the turn, unless somebody has it.
    pub(crate) async fn take(cx: &'a Cx<'a, E>, clock: &'a dyn Fn() -> i64) -> Result<Option<Self>, OperationError> {
        let lock = cx.ledger.try_lock("tick", &cx.new_id(), clock(), LOCK_MS).await?;
        Ok(lock.map(|lock| Self { begun: cx, clock, lock }))
    }

    /// Surroundings for the next step, with the instant of now: a tick may take seconds, and what is recorded is when it
    /// happened.
    pub(crate) fn cx(&self) -> Cx<'a, E> {
        self.begun.at((self.clock)())
    }

    /// Whether a new step may be begun: nobody else has taken over, and there is time left.
    pub(crate) async fn goes_on(&self) -> Result<bool, OperationError> {
        let now = (self.clock)();
        if now - self.begun.now >= TIME_MS {
            return Ok(false);
        }
        Ok(self.begun.ledger.still_holds(&self.lock, now).await?)
    }

    /// Nothing new is begun from this instant on.
    pub(crate) fn ends_at(&self) -> i64 {
        self.begun.now + TIME_MS
    }

    /// Gives the turn back.
    pub(crate) async fn end(self) -> Result<(), OperationError> {
        Ok(self.begun.ledger.unlock(&self.lock).await?)
    }
}
