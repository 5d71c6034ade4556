//! Making a code.

use clawstead_domain::{Refusal, pairing};
use clawstead_ledger::{Engine, Expected};
use clawstead_vault::{KeyRing, sha256_hex};
use serde::Serialize;

use super::derived_code;
use crate::{Cx, OperationError, agents, bots, decide};

/// A code that was just made. It cannot be printed by accident.
#[derive(Serialize)]
pub struct NewPairing {
    /// Its id, for following it.
    pub pairing_id: String,
    /// The code.
    pub code: String,
    /// Good until.
    pub expires_at: i64,
    /// Opens Telegram with the code ready to be sent.
    pub deep_link: String,
}

/// Makes a code with which a Telegram account can prove that it belongs to a user, to the agent's bot of today.
///
/// # Errors
/// When an argument cannot be, the agent is unknown, disabled or without a bot, or too many codes of the user and agent wait
/// already.
pub async fn create<E: Engine>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    consumer_user_id: &str,
    agent_key: &str,
    ttl_ms: Option<i64>,
) -> Result<NewPairing, OperationError> {
    if !agents::get(cx, agent_key).await?.enabled {
        return Err(Refusal::conflict("agent_disabled", "the agent is disabled").into());
    }
    let bot = bots::of_agent(cx, agent_key).await?.ok_or_else(bots::missing)?;
    let pending = pending(cx, consumer_user_id, agent_key).await?;
    decide(async || {
        let pairing_id = cx.new_id();
        let code = derived_code(keys, &pairing_id);
        let hash = sha256_hex(&code);
        let made = pairing::create(consumer_user_id, agent_key, bot.bot_id.clone(), ttl_ms, pending, hash, cx.now)?;
        match cx.append(&pairing_id, Expected::Version(0), &[made.event]).await {
            Ok(()) => {}
            // Others were made since they were counted.
            Err(OperationError::Rule(rule)) if rule == "too_many_pairings" => return Err(pairing::too_many().into()),
            // The same 60 bits again: as good as never, and another code is as good.
            Err(OperationError::Rule(rule)) if rule == "pairings.code_hash" => return Err(OperationError::Raced),
            Err(error) => return Err(error),
        }
        let deep_link = super::deep_link(&bot.username, &code);
        Ok(NewPairing { pairing_id, code, expires_at: made.expires_at, deep_link })
    })
    .await
}

async fn pending<E: Engine>(cx: &Cx<'_, E>, consumer_user_id: &str, agent_key: &str) -> Result<i64, OperationError> {
    let sql = "SELECT count(*) AS n FROM pairings WHERE consumer_user_id = ?1 AND agent_key = ?2 AND pending_until > ?3";
    let rows = cx.sql(sql, &[consumer_user_id.into(), agent_key.into(), cx.now.into()]).await?;
    Ok(rows.first().and_then(|row| row.integer("n")).unwrap_or(0))
}
