//! Linking a bot to an agent, and having its updates delivered.

use clawstead_domain::{Refusal, bot};
use clawstead_ledger::{Engine, Expected};
use clawstead_telegram::update::User;
use clawstead_telegram::{BotToken, SetWebhook, TelegramError};
use clawstead_transport::{Transport, TransportError};
use clawstead_vault::{KeyRing, mint_token};

use super::{BotView, find};
use crate::{Cx, OperationError, agents, decide, secrets};

/// The kinds of update that `clawstead_telegram::update` reads. Named one by one, for Telegram otherwise keeps whatever list
/// an earlier owner of the token had set.
const ALLOWED_UPDATES: [&str; 6] =
    ["message", "edited_message", "channel_post", "edited_channel_post", "callback_query", "my_chat_member"];

/// Where Telegram is, and where Telegram finds us.
#[derive(Debug, Clone, Copy)]
pub struct Telegram<'a, T> {
    /// Carries the calls.
    pub transport: &'a T,
    /// Base address of the Bot API.
    pub api_url: &'a str,
    /// Base address under which Telegram reaches this deployment.
    pub public_url: &'a str,
}

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
/// is, the webhook's secret is in force; only then is Telegram told, and `WebhookConfigured` says that it agreed. An update
/// that comes before that last event is authentic already. A webhook that Telegram set without our hearing of it is settled
/// by setting it again, which is harmless.
///
/// # Errors
/// When the token is not one that Telegram knows, the agent does not exist, the bot belongs to another agent, or Telegram does
/// not do it. None holds the token.
pub async fn link<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    telegram: Telegram<'_, T>,
    agent_key: &str,
    token: &str,
) -> Result<Linked, OperationError> {
    let bad_token = |why: &str| Refusal::invalid("token", why);
    let parsed = BotToken::parse(token).map_err(|error| bad_token(&error.to_string()))?;
    agent_version(cx, agent_key).await?;
    let api = clawstead_telegram::Bot::new(telegram.transport, telegram.api_url, parsed);
    let me = match api.get_me().await {
        Ok(me) if me.is_bot => me,
        Ok(_) => return Err(bad_token("it is not the token of a bot").into()),
        Err(TelegramError::Unauthorized | TelegramError::NotFound) => {
            return Err(bad_token("Telegram does not accept it").into());
        }
        Err(error) => return Err(outside(&error)),
    };
    let new = take_over(cx, keys, agent_key, &me, token.trim()).await?;
    let bot_id = me.id.to_string();
    let secret_ref = bot::webhook_secret_ref(&bot_id);
    let secret = secrets::open_or_mint(cx, keys, &secret_ref, || mint_token("cs_hook", cx.random())).await?;
    let url = bot::webhook_url(telegram.public_url, &bot_id);
    let webhook = SetWebhook {
        url: url.clone(),
        secret_token: secret.expose().clone(),
        allowed_updates: ALLOWED_UPDATES.map(str::to_owned).to_vec(),
        drop_pending_updates: false,
        max_connections: None,
    };
    api.set_webhook(&webhook).await.map_err(|error| outside(&error))?;
    let bot = confirm_webhook(cx, agent_key, &bot_id, &url).await?;
    Ok(Linked { bot, new })
}

/// Seals the token, then says whose bot it is; whether it was another's or nobody's until now.
async fn take_over<E: Engine>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    agent_key: &str,
    me: &User,
    token: &str,
) -> Result<bool, OperationError> {
    let bot_id = me.id.to_string();
    let username = me.username.as_deref().ok_or_else(|| OperationError::unexpected("a bot without a user name"))?;
    // Before the token is sealed: a refused link must leave the token of the bot's owner as it is.
    bot::link(agent_key, find(cx, &bot_id).await?.as_ref(), &bot_id, username)?;
    secrets::import_if_new(cx, keys, &bot::token_ref(&bot_id), token).await?;
    decide(async || {
        let version = agent_version(cx, agent_key).await?;
        let known = find(cx, &bot_id).await?;
        let event = bot::link(agent_key, known.as_ref(), &bot_id, username)?;
        match cx.append(agent_key, Expected::Version(version), event.as_slice()).await {
            Err(OperationError::Rule(rule)) if rule == "bot_belongs_to_another_agent" => Err(bot::of_another_agent().into()),
            outcome => outcome.map(|()| known.is_none()),
        }
    })
    .await
}

async fn confirm_webhook<E: Engine>(cx: &Cx<'_, E>, agent_key: &str, bot_id: &str, url: &str) -> Result<BotView, OperationError> {
    decide(async || {
        let version = agent_version(cx, agent_key).await?;
        let Some(known) = find(cx, bot_id).await?.filter(|bot| bot.agent_key == agent_key) else {
            return Err(Refusal::conflict("bot_replaced", "another bot was linked to the agent at the same time").into());
        };
        let event = bot::webhook_confirmed(&known, url);
        cx.append(agent_key, Expected::Version(version), event.as_slice()).await
    })
    .await?;
    let bot = find(cx, bot_id).await?.ok_or_else(|| OperationError::unexpected("the bot that was just linked"))?;
    Ok(bot.into())
}

async fn agent_version<E: Engine>(cx: &Cx<'_, E>, agent_key: &str) -> Result<i64, OperationError> {
    let agent = agents::find(cx, agent_key).await?;
    let agent = agent.ok_or_else(|| Refusal::not_found("agent_not_found", "there is no such agent"))?;
    Ok(agent.stream_version)
}

fn outside(error: &TelegramError) -> OperationError {
    let permanent = match error {
        TelegramError::Unauthorized
        | TelegramError::Forbidden(_)
        | TelegramError::BadRequest(_)
        | TelegramError::NotFound
        | TelegramError::Transport(TransportError::Denied) => true,
        TelegramError::RetryAfter { .. }
        | TelegramError::Unavailable { .. }
        | TelegramError::Malformed { .. }
        | TelegramError::Transport(_) => false,
    };
    OperationError::Outside { service: "telegram", detail: error.to_string(), permanent }
}
