//! Bots that speak for nobody any more, because another one took their place or they were taken from their agent: nothing is left of
//! them.

use clawstead_domain::agent::AgentEvent;
use clawstead_domain::bot::{self, Bot};
use clawstead_ledger::{Engine, Expected, Row};
use clawstead_telegram::TelegramError;
use clawstead_transport::Transport;
use clawstead_vault::KeyRing;

use super::webhook::is_cut_off;
use super::{Telegram, find};
use crate::{Cx, OperationError, bindings, pairings, secrets};

/// Bindings and codes of a bot that end in one step; the next tick goes on.
const STEP: i64 = 100;

/// Why bindings and codes of such a bot end.
const REASON: &str = "bot_retired";

struct Retired {
    bot_id: String,
    agent_key: String,
    token_ref: String,
    attempts: i64,
}

/// Clears away at most `limit` bots that are due: their bindings and codes, their webhook at Telegram, their secrets. Gives how
/// many are gone.
///
/// # Errors
/// When the database does not answer. What Telegram does not do is tried again, and given up in the end.
pub async fn retire_due<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    telegram: Telegram<'_, T>,
    limit: i64,
) -> Result<i64, OperationError> {
    let sql = "SELECT bot_id, agent_key, token_ref, attempts FROM retired_bots WHERE retry_at <= ?1 ORDER BY retry_at LIMIT ?2";
    let rows = cx.sql(sql, &[cx.now.into(), limit.into()]).await?;
    let mut gone = 0;
    for row in rows.iter() {
        let retired = retired_of(&row).ok_or_else(|| OperationError::unexpected("a row of retired_bots"))?;
        gone += i64::from(retire(cx, keys, telegram, &retired).await?);
    }
    Ok(gone)
}

async fn retire<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    telegram: Telegram<'_, T>,
    retired: &Retired,
) -> Result<bool, OperationError> {
    let bot_id = &retired.bot_id;
    let bindings = bindings::revoke_of_bot(cx, bot_id, REASON, STEP).await?;
    let codes = pairings::revoke_of_bot(cx, Some(bot_id), REASON, STEP).await?;
    if bindings as i64 == STEP || codes == STEP || find(cx, bot_id).await?.is_some() {
        return Ok(false);
    }
    let webhook_removed = match remove_webhook(cx, keys, telegram, retired).await? {
        Ok(removed) => removed,
        Err(error) => {
            let reason = error.to_string();
            if let Some(failed) = bot::retirement_failed(bot_id, retired.attempts, &reason, cx.now) {
                cx.append(&retired.agent_key, Expected::Any, &[failed]).await?;
                return Ok(false);
            }
            false
        }
    };
    for secret_ref in [&retired.token_ref, &bot::webhook_secret_ref(bot_id)] {
        match secrets::destroy(cx, secret_ref).await {
            Ok(()) => {}
            Err(OperationError::Refused(refusal)) if refusal.code == "secret_not_found" => {}
            // It was linked again this very moment, and needs it.
            Err(OperationError::Refused(refusal)) if refusal.code == "secret_in_use" => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    let event = AgentEvent::BotRetired { bot_id: bot_id.clone(), webhook_removed };
    cx.append(&retired.agent_key, Expected::Any, &[event]).await?;
    Ok(true)
}

/// Whether Telegram delivers nothing to us any more. A webhook that leads elsewhere is somebody else's by now.
async fn remove_webhook<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    telegram: Telegram<'_, T>,
    retired: &Retired,
) -> Result<Result<bool, TelegramError>, OperationError> {
    let bot = Bot {
        bot_id: retired.bot_id.clone(),
        agent_key: retired.agent_key.clone(),
        token_ref: retired.token_ref.clone(),
        ..Bot::default()
    };
    let api = match telegram.of(cx, keys, &bot).await {
        Ok(api) => api,
        Err(OperationError::Refused(_)) => return Ok(Ok(false)),
        Err(error) => return Err(error),
    };
    let ours = bot::webhook_url(telegram.public_url, &retired.bot_id);
    let outcome = match api.get_webhook_info().await {
        Ok(info) if info.url == ours => api.delete_webhook(false).await.map(|()| true),
        other => other.map(|_| true),
    };
    Ok(match outcome {
        Err(error) if is_cut_off(&error) => Ok(false),
        outcome => outcome,
    })
}

fn retired_of(row: &Row<'_>) -> Option<Retired> {
    Some(Retired {
        bot_id: row.text("bot_id")?,
        agent_key: row.text("agent_key")?,
        token_ref: row.text("token_ref")?,
        attempts: row.integer("attempts")?,
    })
}
