//! What a user and an agent still need before they can talk.

use clawstead_domain::bot;
use clawstead_domain::pairing::PENDING;
use clawstead_ledger::Engine;
use clawstead_vault::KeyRing;
use serde::Serialize;

use super::view::agent_of;
use crate::{Cx, OperationError, bots, pairings, secrets};

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NextAction {
    /// Import the token of the agent's bot.
    ImportToken,
    /// Have the bot's updates delivered.
    ConfigureWebhook,
    /// Make a code.
    CreatePairing,
    /// Have the user bring the code back.
    CompletePairing,
    /// Nothing.
    Ready,
}

/// How far a user and an agent have got.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Onboarding {
    /// The agent.
    pub agent_key: String,
    /// Its bot.
    pub bot_id: Option<String>,
    /// The bot's user name, without `@`.
    pub bot_username: Option<String>,
    /// Where the bot's token is kept.
    pub token_ref: Option<String>,
    /// Whether there is one.
    pub token_imported: bool,
    /// Whether Telegram has confirmed the webhook.
    pub webhook_ready: bool,
    /// The code that waits.
    pub pairing_code: Option<String>,
    /// `pending`, `used`, `expired` or `revoked`.
    pub pairing_status: Option<String>,
    /// Opens Telegram with the code ready to be sent.
    pub pairing_deep_link: Option<String>,
    /// What is to be done next.
    pub next_action: NextAction,
}

impl std::fmt::Debug for Onboarding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Onboarding").field("next_action", &self.next_action).finish_non_exhaustive()
    }
}

/// How far a user and an agent have got, which need not exist yet.
///
/// # Errors
/// When the database does not answer.
pub async fn onboarding<E: Engine>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    consumer_user_id: &str,
    agent_key: &str,
) -> Result<Onboarding, OperationError> {
    let bot = bots::of_agent(cx, agent_key).await?;
    let user_agent = agent_of(cx, consumer_user_id, agent_key).await?;
    let token_ref = bot.as_ref().map_or_else(|| bot::agent_token_ref(agent_key), |bot| bot.token_ref.clone());
    let token_imported = secrets::status(cx, std::slice::from_ref(&token_ref)).await?[0].has_active;
    let webhook_ready = bot.as_ref().is_some_and(|bot| bot.webhook_url.is_some());
    let bound = user_agent.as_ref().is_some_and(|one| one.binding_status == Some("active"));
    let pairing_status = user_agent.as_ref().and_then(|one| one.pairing_status.clone());
    let waiting = if bound { None } else { waiting_code(cx, keys, consumer_user_id, agent_key).await? };
    let next_action = match (&bot, token_imported, webhook_ready) {
        (None, ..) | (_, false, _) => NextAction::ImportToken,
        (.., false) => NextAction::ConfigureWebhook,
        _ if bound => NextAction::Ready,
        _ if pairing_status.as_deref() == Some(PENDING) => NextAction::CompletePairing,
        _ => NextAction::CreatePairing,
    };
    Ok(Onboarding {
        agent_key: agent_key.to_owned(),
        pairing_deep_link: bot.as_ref().zip(waiting.as_ref()).map(|(bot, code)| pairings::deep_link(&bot.username, code)),
        pairing_code: waiting,
        bot_username: bot.as_ref().map(|bot| bot.username.clone()),
        bot_id: bot.map(|bot| bot.bot_id),
        token_ref: Some(token_ref),
        token_imported,
        webhook_ready,
        pairing_status,
        next_action,
    })
}

/// The newest code that waits for the user and the agent.
async fn waiting_code<E: Engine>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    consumer_user_id: &str,
    agent_key: &str,
) -> Result<Option<String>, OperationError> {
    let newest = pairings::newest_pending(cx, consumer_user_id, agent_key).await?;
    Ok(newest.and_then(|pairing| pairings::code_of(keys, &pairing)))
}
