//! Using a code.

use clawstead_domain::Refusal;
use clawstead_domain::binding::{Account, Binding};
use clawstead_domain::pairing::{self, Pairing, PairingEvent};
use clawstead_ledger::{Engine, Expected, dedup_key};

use super::{binding_key, guesses, hash_of, one};
use crate::bindings::{self, Made};
use crate::{Cx, OperationError, agents, bots};

/// A code that was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// The pairing.
    pub pairing_id: String,
    /// The binding that it made.
    pub binding: Binding,
    /// Whether this account had used it before; it is answered as the first time.
    pub repeated: bool,
}

/// Uses the code that an account brings back through a bot.
///
/// The binding is the use: its dedup key lets a code make one, whoever comes at the same time. `PairingUsed` follows on the
/// pairing's own stream; when a crash keeps it from being written, the next who brings the code, or the tick, writes it.
/// A use that is refused is kept with the pairing, once per account and reason, so that a redelivered update adds nothing. In one
/// chat only so many codes are looked at within an hour.
///
/// # Errors
/// A refusal with the same text for every reason; its code is for the operator.
pub async fn consume<E: Engine>(cx: &Cx<'_, E>, code: &str, account: &Account) -> Result<Used, OperationError> {
    guesses::count(cx, account).await?;
    let Some(pairing) = one(cx, "code_hash = ?1", hash_of(code).into()).await? else {
        return Err(pairing::cannot_be_used("pairing_not_found").into());
    };
    match use_by(cx, &pairing, account).await {
        Ok(made) => {
            guesses::uncount(cx, account).await?;
            Ok(Used { pairing_id: pairing.pairing_id, binding: made.binding, repeated: made.repeated })
        }
        Err(OperationError::Refused(refusal)) => {
            note_refusal(cx, &pairing, account, &refusal).await?;
            Err(pairing::cannot_be_used(refusal.code).into())
        }
        Err(error) => Err(error),
    }
}

async fn use_by<E: Engine>(cx: &Cx<'_, E>, pairing: &Pairing, account: &Account) -> Result<Made, OperationError> {
    let key = binding_key(pairing);
    let made = match bindings::made_by(cx, &key).await? {
        Some(binding) => Made { binding, repeated: true },
        None => {
            check(cx, pairing, account).await?;
            match bindings::make(cx, &pairing::wanted(pairing, account), Some(&key)).await {
                // Taken back, or noted as expired, since it was looked at.
                Err(OperationError::Rule(rule)) if rule == "pairing_not_pending" => {
                    return Err(pairing::cannot_be_used("pairing_revoked").into());
                }
                outcome => outcome?,
            }
        }
    };
    note_use(cx, pairing, &made.binding).await?;
    if made.repeated {
        pairing::check_repeat(&made.binding, account)?;
    }
    Ok(made)
}

async fn check<E: Engine>(cx: &Cx<'_, E>, pairing: &Pairing, account: &Account) -> Result<(), OperationError> {
    let bot = bots::find(cx, &account.bot_id).await?;
    pairing::check_use(pairing, account, bot.as_ref().map(|bot| bot.agent_key.as_str()), cx.now)?;
    if !agents::find(cx, &pairing.agent_key).await?.is_some_and(|agent| agent.enabled) {
        return Err(pairing::cannot_be_used("agent_disabled").into());
    }
    Ok(())
}

/// Writes down that a pairing made its binding, unless that is written.
pub(super) async fn note_use<E: Engine>(cx: &Cx<'_, E>, pairing: &Pairing, made: &Binding) -> Result<(), OperationError> {
    if pairing.state == pairing::USED {
        return Ok(());
    }
    let used = PairingEvent::PairingUsed {
        telegram_user_id: made.telegram_user_id.clone().unwrap_or_default(),
        telegram_chat_id: made.telegram_chat_id.clone(),
        binding_id: made.binding_id.clone(),
    };
    let key = dedup_key(&["pairing_used", &pairing.pairing_id]);
    cx.append_once(&pairing.pairing_id, Expected::Any, &[used], key).await.map(|_| ())
}

async fn note_refusal<E: Engine>(
    cx: &Cx<'_, E>,
    pairing: &Pairing,
    account: &Account,
    refusal: &Refusal,
) -> Result<(), OperationError> {
    let refused =
        PairingEvent::PairingRefused { telegram_user_id: account.telegram_user_id.clone(), reason: refusal.code.to_owned() };
    let parts = ["pairing_refused", &pairing.pairing_id, &account.bot_id, &account.telegram_user_id, refusal.code];
    cx.append_once(&pairing.pairing_id, Expected::Any, &[refused], dedup_key(&parts)).await.map(|_| ())
}
