//! Who delivers an update.

use clawstead_ledger::Engine;
use clawstead_vault::KeyRing;

use crate::{Cx, OperationError, bots};

/// A bot whose updates were proved to come from Telegram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngressBot {
    /// Telegram's id of it.
    pub bot_id: String,
    /// The agent it speaks for.
    pub agent_key: String,
    /// Its user name, without `@`.
    pub username: String,
}

/// The bot, if the presented secret is the one in force for it; `None` for a wrong or missing secret and for an unknown bot,
/// which the caller must not tell apart.
///
/// The secret counts from the moment it is in force, not from `WebhookConfigured`: Telegram delivers as soon as it has been
/// told, which is before that event.
///
/// # Errors
/// When the secret cannot be read.
pub async fn authenticate<E: Engine>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    bot_id: &str,
    presented_secret: Option<&str>,
) -> Result<Option<IngressBot>, OperationError> {
    let Some(presented) = presented_secret else {
        return Ok(None);
    };
    let Some(bot) = bots::find(cx, bot_id).await? else {
        return Ok(None);
    };
    if !bots::accepts(cx, keys, bot_id, presented).await? {
        return Ok(None);
    }
    Ok(Some(IngressBot { bot_id: bot.bot_id, agent_key: bot.agent_key, username: bot.username }))
}
