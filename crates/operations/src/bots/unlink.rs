//! Taking a bot from its agent.

use clawstead_domain::agent::AgentEvent;
use clawstead_ledger::{Engine, Expected};

use super::{missing, of_agent};
use crate::{Cx, OperationError, agents, decide};

/// Takes its bot from an agent. From then on its updates are refused, and so are messages that workers would answer through it; the
/// tick does the rest ([`super::retire_due`]): its bindings end with all that waits in their name, its codes, its webhook at Telegram, its
/// secrets. Gives the id of the bot.
///
/// # Errors
/// When the agent does not exist or has no bot.
pub async fn unlink<E: Engine>(cx: &Cx<'_, E>, agent_key: &str) -> Result<String, OperationError> {
    decide(async || {
        let agent = agents::get(cx, agent_key).await?;
        let bot_id = of_agent(cx, agent_key).await?.ok_or_else(missing)?.bot_id;
        let unlinked = AgentEvent::BotUnlinked { bot_id: bot_id.clone() };
        cx.append(agent_key, Expected::Version(agent.stream_version), &[unlinked]).await?;
        Ok(bot_id)
    })
    .await
}
