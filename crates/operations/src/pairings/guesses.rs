//! Guesses of codes in one chat.

use clawstead_domain::binding::Account;
use clawstead_domain::config::LimitsPolicy;
use clawstead_domain::pairing;
use clawstead_ledger::{Engine, dedup_key};

use crate::{Cx, OperationError, configs, counts};

/// Guesses are counted within a while of this, from the first, ms.
const WINDOW_MS: i64 = 3_600_000;

/// Counts a guess before it is looked at, so that many at once are all counted.
///
/// # Errors
/// The refusal of every code when too many were brought here, a good one among them: else the limit would say which is good.
pub(super) async fn count<E: Engine>(cx: &Cx<'_, E>, account: &Account) -> Result<(), OperationError> {
    let limits: LimitsPolicy = configs::load(cx).await?.get()?;
    let counted = counts::add(cx, &name(account), 1, WINDOW_MS).await?;
    if counted.count > limits.pairing_guesses_max {
        return Err(pairing::cannot_be_used("pairing_guesses_spent").into());
    }
    Ok(())
}

/// A code that was good was no guess.
pub(super) async fn uncount<E: Engine>(cx: &Cx<'_, E>, account: &Account) -> Result<(), OperationError> {
    counts::add(cx, &name(account), -1, WINDOW_MS).await.map(drop)
}

fn name(account: &Account) -> String {
    format!("guess:{}", dedup_key(&[&account.bot_id, &account.telegram_chat_id]))
}
