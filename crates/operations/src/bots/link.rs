//! Linking a bot to an agent, and having its updates delivered.

use clawstead_ledger::Engine;
use clawstead_transport::Transport;
use clawstead_vault::KeyRing;

use super::import::blame_token;
use super::{BotView, Telegram, WebhookOptions, configure_webhook, import_token};
use crate::{Cx, OperationError};

/// A bot that speaks for its agent and whose updates arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// The bot.
    pub bot: BotView,
    /// Whether it did not speak for this agent before.
    pub new: bool,
}

/// Makes the bot of a token the bot of an agent, in the place of an earlier one, and has its updates delivered to us.
///
/// Every step may be repeated, and a repeat goes on where a crash ended it: the token is sealed, `BotLinked` says whose bot it
/// is, the webhook's secret is in force, `WebhookRequested` says that Telegram is about to be told; only then it is, and
/// `WebhookConfigured` says that it agreed. An update that comes before that last event is authentic already. What Telegram
/// did without our hearing of it is settled by asking it again, which is harmless.
///
/// # Errors
/// As for [`import_token`] and [`configure_webhook`].
pub async fn link<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    telegram: Telegram<'_, T>,
    agent_key: &str,
    token: &str,
    options: WebhookOptions,
) -> Result<Linked, OperationError> {
    let imported = import_token(cx, keys, telegram, agent_key, token).await?;
    let bot = configure_webhook(cx, keys, telegram, agent_key, options).await.map_err(blame_token)?;
    Ok(Linked { bot, new: imported.new })
}
