//! Making a code.

use clawstead_domain::{Refusal, pairing};
use clawstead_ledger::{Engine, Expected};
use clawstead_vault::sha256_hex;
use serde::Serialize;

use crate::{Cx, OperationError, agents, bots, decide};

/// A code that was just made. The only time anybody sees it, so it cannot be printed by accident.
#[derive(Serialize)]
pub struct NewPairing {
    /// Its id, for following it.
    pub pairing_id: String,
    /// The code.
    pub code: String,
    /// Good until.
    pub expires_at: i64,
    /// Opens Telegram with the code ready to be sent, when the agent has a bot.
    pub deep_link: Option<String>,
}

/// Makes a code with which a Telegram account can prove that it belongs to a user. It is good for the agent's bot of today; when
/// the agent has none, for the one that it will have.
///
/// # Errors
/// When an argument cannot be, the agent is unknown or disabled, or too many codes of the user and agent wait already.
pub async fn create<E: Engine>(
    cx: &Cx<'_, E>,
    consumer_user_id: &str,
    agent_key: &str,
    ttl_ms: Option<i64>,
) -> Result<NewPairing, OperationError> {
    let agent = agents::find(cx, agent_key).await?;
    let agent = agent.ok_or_else(|| Refusal::not_found("agent_not_found", "there is no such agent"))?;
    if !agent.enabled {
        return Err(Refusal::conflict("agent_disabled", "the agent is disabled").into());
    }
    let bot = bots::of_agent(cx, agent_key).await?;
    let bot_id = bot.as_ref().map(|bot| bot.bot_id.clone());
    let pending = pending(cx, consumer_user_id, agent_key).await?;
    decide(async || {
        let code = pairing::code(cx.random());
        let hash = sha256_hex(&code);
        let made = pairing::create(consumer_user_id, agent_key, bot_id.clone(), ttl_ms, pending, hash, cx.now)?;
        let pairing_id = cx.new_id();
        match cx.append(&pairing_id, Expected::Version(0), &[made.event]).await {
            Ok(()) => {}
            // The same 60 bits again: as good as never, and another code is as good.
            Err(OperationError::Rule(rule)) if rule == "pairings.code_hash" => return Err(OperationError::Raced),
            Err(error) => return Err(error),
        }
        let deep_link = bot.as_ref().map(|bot| format!("https://t.me/{}?start={code}", bot.username));
        Ok(NewPairing { pairing_id, code, expires_at: made.expires_at, deep_link })
    })
    .await
}

async fn pending<E: Engine>(cx: &Cx<'_, E>, consumer_user_id: &str, agent_key: &str) -> Result<i64, OperationError> {
    let sql = "SELECT count(*) AS n FROM pairings WHERE consumer_user_id = ?1 AND agent_key = ?2 AND pending_until > ?3";
    let rows = cx.sql(sql, &[consumer_user_id.into(), agent_key.into(), cx.now.into()]).await?;
    Ok(rows.first().and_then(|row| row.integer("n")).unwrap_or(0))
}
