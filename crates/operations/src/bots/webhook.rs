//! Having the updates of a bot delivered to us.

use clawstead_domain::Refusal;
use clawstead_domain::agent::AgentEvent;
use clawstead_domain::bot::{self, Bot};
use clawstead_ledger::{Engine, Expected};
use clawstead_telegram::{SetWebhook, TelegramError};
use clawstead_transport::Transport;
use clawstead_vault::{KeyRing, mint_token};
use serde::Serialize;

use super::reach::{TOKEN_REFUSED, is_permanent, outside};
use super::{BotView, Telegram, find, missing, of_agent};
use crate::{Cx, OperationError, agents, decide, secrets};

/// The kinds of update that `clawstead_telegram::update` reads. Named one by one, for Telegram otherwise keeps whatever list
/// an earlier owner of the token had set.
const ALLOWED_UPDATES: [&str; 6] =
    ["message", "edited_message", "channel_post", "edited_channel_post", "callback_query", "my_chat_member"];

/// How a webhook is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WebhookOptions {
    /// With a new secret. The one before is good until Telegram has confirmed the new one.
    pub rotate_secret: bool,
    /// Throwing away what waits at Telegram.
    pub drop_pending_updates: bool,
}

/// Whether the updates of an agent's bot arrive, as Telegram says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WebhookReadiness {
    /// The bot.
    pub bot_id: String,
    /// Where its token is kept.
    pub token_ref: String,
    /// Where updates should go.
    pub url: String,
    /// Where Telegram sends them.
    pub current_url: Option<String>,
    /// Updates that wait at Telegram.
    pub pending_update_count: u64,
    /// Why delivery last failed.
    pub last_error_message: Option<String>,
    /// When that was, in seconds since the epoch.
    pub last_error_date: Option<i64>,
    /// Whether they go to us, with the secret in force.
    pub ready: bool,
}

/// Has the updates of an agent's bot delivered to us. May be repeated at any time.
///
/// # Errors
/// When the agent has no bot or the bot no token, or Telegram does not do it; that is kept with the bot, and the tick asks
/// again if that is of any use.
pub async fn configure_webhook<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    telegram: Telegram<'_, T>,
    agent_key: &str,
    options: WebhookOptions,
) -> Result<BotView, OperationError> {
    agents::get(cx, agent_key).await?;
    let bot = of_agent(cx, agent_key).await?.ok_or_else(missing)?;
    let api = telegram.of(cx, keys, &bot).await?;
    let secret_ref = bot::webhook_secret_ref(&bot.bot_id);
    let mint = || mint_token("cs_hook", cx.random());
    if options.rotate_secret && bot.webhook_secret_version.is_some() {
        secrets::rotate_held(cx, keys, &secret_ref, mint).await?;
    }
    let secret = secrets::open_or_mint(cx, keys, &secret_ref, mint).await?;
    let version = secrets::newest_version(cx, &secret_ref).await?;
    let url = bot::webhook_url(telegram.public_url, &bot.bot_id);
    note(cx, &bot, |known| bot::webhook_requested(known, &url, version, cx.now)).await?;
    let webhook = SetWebhook {
        url: url.clone(),
        secret_token: secret.expose().clone(),
        allowed_updates: ALLOWED_UPDATES.map(str::to_owned).to_vec(),
        drop_pending_updates: options.drop_pending_updates,
        max_connections: None,
    };
    if let Err(error) = api.set_webhook(&webhook).await {
        let failed = |known: &Bot| Some(bot::webhook_failed(known, &error.to_string(), is_permanent(&error), cx.now));
        note(cx, &bot, failed).await?;
        return Err(outside(&error));
    }
    note(cx, &bot, |known| bot::webhook_confirmed(known, &url, version)).await.map(BotView::from)
}

/// Asks Telegram again for webhooks whose outcome is not known or that it did not set, at most `limit`. Gives how many it set.
///
/// # Errors
/// When the database does not answer. What Telegram does not do is kept with the bot.
pub async fn settle_webhooks<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    telegram: Telegram<'_, T>,
    limit: i64,
) -> Result<i64, OperationError> {
    let sql = "SELECT agent_key FROM bots WHERE webhook_retry_at <= ?1 ORDER BY webhook_retry_at LIMIT ?2";
    let rows = cx.sql(sql, &[cx.now.into(), limit.into()]).await?;
    let mut set = 0;
    for agent_key in rows.iter().filter_map(|row| row.text("agent_key")) {
        match configure_webhook(cx, keys, telegram, &agent_key, WebhookOptions::default()).await {
            Ok(_) => set += 1,
            Err(OperationError::Outside { .. } | OperationError::Raced) => {}
            // Kept with the bot already.
            Err(OperationError::Refused(refusal)) if refusal.code == TOKEN_REFUSED => {}
            Err(OperationError::Refused(refusal)) => give_up(cx, &agent_key, refusal.code).await?,
            Err(error) => return Err(error),
        }
    }
    Ok(set)
}

/// Asks Telegram where the updates of an agent's bot go; `None` when the agent has no bot.
///
/// # Errors
/// When Telegram does not answer.
pub async fn webhook_readiness<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    telegram: Telegram<'_, T>,
    agent_key: &str,
) -> Result<Option<WebhookReadiness>, OperationError> {
    let Some(bot) = of_agent(cx, agent_key).await? else {
        return Ok(None);
    };
    let info = telegram.of(cx, keys, &bot).await?.get_webhook_info().await.map_err(|error| outside(&error))?;
    let version = secrets::newest_version(cx, &bot::webhook_secret_ref(&bot.bot_id)).await?;
    let url = bot::webhook_url(telegram.public_url, &bot.bot_id);
    Ok(Some(WebhookReadiness {
        ready: info.url == url && bot.webhook_secret_version == Some(version),
        current_url: Some(info.url).filter(|url| !url.is_empty()),
        url,
        pending_update_count: info.pending_update_count,
        last_error_message: info.last_error_message,
        last_error_date: info.last_error_date,
        bot_id: bot.bot_id,
        token_ref: bot.token_ref,
    }))
}

/// Writes down what is new of a bot, and gives it as it is then.
async fn note<E: Engine>(cx: &Cx<'_, E>, bot: &Bot, news: impl Fn(&Bot) -> Option<AgentEvent>) -> Result<Bot, OperationError> {
    let known = async || {
        let known = find(cx, &bot.bot_id).await?.filter(|known| known.agent_key == bot.agent_key);
        let replaced = || Refusal::conflict("bot_replaced", "another bot was linked to the agent at the same time");
        known.ok_or_else(|| OperationError::from(replaced()))
    };
    decide(async || {
        let version = agents::get(cx, &bot.agent_key).await?.stream_version;
        cx.append(&bot.agent_key, Expected::Version(version), news(&known().await?).as_slice()).await
    })
    .await?;
    known().await
}

/// Nobody but whoever imports a token can mend it, and that asks anew.
async fn give_up<E: Engine>(cx: &Cx<'_, E>, agent_key: &str, reason: &str) -> Result<(), OperationError> {
    let Some(bot) = of_agent(cx, agent_key).await? else {
        return Ok(());
    };
    note(cx, &bot, |known| Some(bot::webhook_failed(known, reason, true, cx.now))).await.map(drop)
}

/// Whether an error says that the token is of no use any more.
pub(super) fn is_cut_off(error: &TelegramError) -> bool {
    matches!(error, TelegramError::Unauthorized | TelegramError::NotFound | TelegramError::Forbidden(_))
}
