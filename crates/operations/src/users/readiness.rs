//! Whether an agent has everything it needs, and if not, what is missing.

use clawstead_domain::agent;
use clawstead_domain::config::ProviderPolicy;
use clawstead_ledger::Engine;
use serde::Serialize;

use crate::{Cx, OperationError, agents, bots, configs, secrets};

/// Whether machines can be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderReadiness {
    /// Whether a provider is set.
    pub provider_configured: bool,
    /// What is missing; stable names.
    pub issues: Vec<&'static str>,
}

/// Whether an agent can work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AgentReadiness {
    /// Secrets that it needs and that have no version in force.
    pub missing_secrets: Vec<String>,
    /// Whether its bot has a token.
    pub has_bot_token: bool,
    /// Whether Telegram has confirmed the webhook of its bot.
    pub webhook_ready: bool,
    /// Whether a provider is set.
    pub provider_configured: bool,
    /// What is missing; stable names.
    pub issues: Vec<&'static str>,
}

/// Whether machines can be made. What goes along with messages has defaults that work, so it is never missing.
///
/// # Errors
/// When the database does not answer.
pub async fn provider_readiness<E: Engine>(cx: &Cx<'_, E>) -> Result<ProviderReadiness, OperationError> {
    let provider: ProviderPolicy = configs::load(cx).await?.get()?;
    let provider_configured = !provider.kind.is_empty();
    let issues = if provider_configured { Vec::new() } else { vec!["missing_provider_runtime_config"] };
    Ok(ProviderReadiness { provider_configured, issues })
}

/// Whether an agent has everything it needs. One that does not exist has nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn agent_readiness<E: Engine>(cx: &Cx<'_, E>, agent_key: &str) -> Result<AgentReadiness, OperationError> {
    let ProviderReadiness { provider_configured, mut issues } = provider_readiness(cx).await?;
    let agent = agents::find(cx, agent_key).await?;
    let bot = bots::of_agent(cx, agent_key).await?;
    let token_ref = bot.as_ref().map(|bot| bot.token_ref.as_str());
    let refs = agent.as_ref().map(|agent| agent::required_secrets(agent, token_ref)).unwrap_or_default();
    let standing = secrets::status(cx, &refs).await?;
    let has = |secret_ref: &str| standing.iter().any(|secret| secret.secret_ref == secret_ref && secret.has_active);
    let has_bot_token = token_ref.is_some_and(has);
    let webhook_ready = bot.as_ref().is_some_and(|bot| bot.webhook_url.is_some());
    let checks = [
        (agent.as_ref().is_some_and(|agent| agent.enabled), "agent_not_enabled"),
        (has_bot_token, "missing_telegram_token"),
        (bot.is_some(), "missing_bot_identity"),
        (webhook_ready, "webhook_not_verified"),
    ];
    issues.extend(checks.iter().filter(|(fine, _)| !fine).map(|(_, issue)| *issue));
    let missing = standing.into_iter().filter(|secret| !secret.has_active).map(|secret| secret.secret_ref);
    Ok(AgentReadiness { missing_secrets: missing.collect(), has_bot_token, webhook_ready, provider_configured, issues })
}

/// Agents whose secrets are gathered when nobody names one.
const AGENTS_MAX: i64 = 200;

/// The secrets that an agent needs; of all enabled agents, the first two hundred, sorted, when nobody names one.
///
/// # Errors
/// When there is no such agent.
pub async fn required_secrets<E: Engine>(cx: &Cx<'_, E>, agent_key: Option<&str>) -> Result<Vec<String>, OperationError> {
    if let Some(agent_key) = agent_key {
        let agent = agents::get(cx, agent_key).await?;
        let bot = bots::of_agent(cx, agent_key).await?;
        return Ok(agent::required_secrets(&agent, bot.as_ref().map(|bot| bot.token_ref.as_str())));
    }
    let bots = bots::token_refs(cx, AGENTS_MAX).await?;
    let mut refs = Vec::new();
    for agent in agents::list(cx, "", AGENTS_MAX).await?.iter().filter(|agent| agent.enabled) {
        refs.extend(agent::required_secrets(agent, bots.get(&agent.agent_key).map(String::as_str)));
    }
    refs.sort_unstable();
    refs.dedup();
    Ok(refs)
}
