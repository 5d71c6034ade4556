//! How much is asked: limits for each key and bot, and how often somebody failed to prove who he is.
//!
//! An instance counts in memory, and once a second adds what it counted to a row that all instances share. So a request costs
//! a write at most once a second for each key, whatever the load, and a limit holds for all instances together, but for what
//! came in the last second.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use clawstead_domain::config::LimitsPolicy;
use clawstead_ledger::Engine;
use clawstead_operations::{Cx, OperationError, api_keys, configs, counts};
use http::StatusCode;

use crate::{Principal, Problem};

/// Requests are counted within a while of this, ms.
const WINDOW_MS: i64 = 60_000;
/// Failed authentications are counted within a while of this, ms.
const FAILURES_WINDOW_MS: i64 = 3_600_000;
/// An instance tells the others at most so often, ms.
const SHARED_EVERY_MS: i64 = 1_000;
/// Before the id of an API key.
const KEY: &str = "key:";
/// Names that are counted in memory at most: there are no more keys and bots than that in one place.
const NAMES_MAX: usize = 10_000;

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    /// What all instances had counted when this one last shared.
    shared: i64,
    /// What this one has counted since.
    own: i64,
    ends_at: i64,
    shared_at: i64,
}

/// What one instance has counted.
#[derive(Debug, Default)]
pub struct Rates {
    counts: RefCell<HashMap<String, Count>>,
    policy: Cell<Option<(i64, LimitsPolicy)>>,
}

impl Rates {
    /// Counts a request of whoever asks.
    ///
    /// # Errors
    /// 429 `rate_limited`, with the time until counting begins anew.
    pub async fn take<E: Engine>(&self, cx: &Cx<'_, E>, principal: &Principal) -> Result<(), Problem> {
        let (name, max) = match principal {
            Principal::Service { key_id, .. } => (format!("{KEY}{key_id}"), self.policy(cx).await?.key_requests_max),
            Principal::Bot(bot) => (format!("bot:{}", bot.bot_id), self.policy(cx).await?.bot_updates_max),
            _ => return Ok(()),
        };
        let count = self.count(cx, &name, WINDOW_MS).await?;
        if count.shared + count.own <= max {
            return Ok(());
        }
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", format!("at most {max} requests a minute"));
        Err(Problem { retry_after_s: Some(((count.ends_at - cx.now) / 1_000 + 1).clamp(1, 60)), ..problem })
    }

    /// Counts that somebody who came as `kind` did not prove who he is.
    pub async fn note_failure<E: Engine>(&self, cx: &Cx<'_, E>, kind: &str) {
        // What cannot be counted is refused all the same.
        drop(self.count(cx, &format!("{}{kind}", counts::FAILURES), FAILURES_WINDOW_MS).await);
    }

    async fn count<E: Engine>(&self, cx: &Cx<'_, E>, name: &str, window_ms: i64) -> Result<Count, OperationError> {
        let (due, count) = self.counted(name, cx.now);
        if !due {
            return Ok(count);
        }
        let known = counts::add(cx, name, count.own, window_ms).await?;
        if let Some(key_id) = name.strip_prefix(KEY) {
            api_keys::saw(cx, key_id).await?;
        }
        let mut counts = self.counts.borrow_mut();
        let entry = counts.entry(name.to_owned()).or_default();
        // Others were counted while the database answered.
        entry.own = (entry.own - count.own).max(0);
        (entry.shared, entry.ends_at) = (known.count, known.ends_at);
        Ok(*entry)
    }

    /// Counts one more; whether it is time to share. Whoever finds that it is does so, and the others need not wait for him.
    fn counted(&self, name: &str, now: i64) -> (bool, Count) {
        let mut counts = self.counts.borrow_mut();
        if counts.len() > NAMES_MAX {
            counts.clear();
        }
        let entry = counts.entry(name.to_owned()).or_default();
        if entry.ends_at <= now {
            entry.shared = 0;
        }
        entry.own += 1;
        let due = now - entry.shared_at >= SHARED_EVERY_MS || entry.ends_at <= now;
        if due {
            entry.shared_at = now;
        }
        (due, *entry)
    }

    async fn policy<E: Engine>(&self, cx: &Cx<'_, E>) -> Result<LimitsPolicy, OperationError> {
        if let Some((at, policy)) = self.policy.get()
            && cx.now - at < SHARED_EVERY_MS
        {
            return Ok(policy);
        }
        let policy: LimitsPolicy = configs::load(cx).await?.get()?;
        self.policy.set(Some((cx.now, policy)));
        Ok(policy)
    }
}
