//! Telegram bots of agents.

mod accept;
mod import;
mod link;
mod reach;
mod retire;
mod unlink;
mod webhook;

use std::collections::BTreeMap;

use clawstead_domain::Refusal;
use clawstead_domain::bot::Bot;
use clawstead_ledger::{Engine, Row};
use serde::Serialize;

use crate::{Cx, OperationError};

pub use accept::accepts;
pub use import::{Imported, import_token, reconcile};
pub use link::{Linked, link};
pub use reach::Telegram;
pub use retire::retire_due;
pub use unlink::unlink;
pub use webhook::{WebhookOptions, WebhookReadiness, configure_webhook, settle_webhooks, webhook_readiness};

/// A bot as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BotView {
    /// Telegram's id of it.
    pub bot_id: String,
    /// Its user name, without `@`.
    pub username: String,
    /// The agent it speaks for.
    pub agent_key: String,
    /// Where its updates go.
    pub webhook: Webhook,
}

/// Where the updates of a bot go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Webhook {
    /// The address, once Telegram has confirmed it.
    pub url: Option<String>,
    /// Whether Telegram has confirmed one.
    pub set: bool,
    /// Why Telegram has not set it, when it was last asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

impl From<Bot> for BotView {
    fn from(bot: Bot) -> Self {
        let webhook = Webhook { set: bot.webhook_url.is_some(), url: bot.webhook_url, last_error: bot.webhook_error };
        Self { bot_id: bot.bot_id, username: bot.username, agent_key: bot.agent_key, webhook }
    }
}

const COLUMNS: &str = "bot_id, agent_key, username, token_ref, webhook_ref, webhook_url, webhook_secret_version, webhook_attempts, \
    webhook_error";

/// The refusal of what an agent without a bot cannot do.
pub fn missing() -> Refusal {
    Refusal::conflict("bot_missing", "the agent has no bot; import its token first")
}

/// One bot.
///
/// # Errors
/// When the database does not answer.
pub async fn find<E: Engine>(cx: &Cx<'_, E>, bot_id: &str) -> Result<Option<Bot>, OperationError> {
    let sql = format!("SELECT {COLUMNS} FROM bots WHERE bot_id = ?1");
    cx.sql(&sql, &[bot_id.into()]).await?.first().map(|row| bot_of(&row)).transpose()
}

/// The bot of an agent.
///
/// # Errors
/// When the database does not answer.
pub async fn of_agent<E: Engine>(cx: &Cx<'_, E>, agent_key: &str) -> Result<Option<Bot>, OperationError> {
    let sql = format!("SELECT {COLUMNS} FROM bots WHERE agent_key = ?1");
    cx.sql(&sql, &[agent_key.into()]).await?.first().map(|row| bot_of(&row)).transpose()
}

/// Where the tokens of the bots of the first `limit` agents are kept, by agent.
///
/// # Errors
/// When the database does not answer.
pub async fn token_refs<E: Engine>(cx: &Cx<'_, E>, limit: i64) -> Result<BTreeMap<String, String>, OperationError> {
    let rows =
        cx.sql("SELECT agent_key, token_ref FROM bots WHERE agent_key > '' ORDER BY agent_key LIMIT ?1", &[limit.into()]).await?;
    Ok(rows.iter().filter_map(|row| Some((row.text("agent_key")?, row.text("token_ref")?))).collect())
}

/// Bots by id, after `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn list<E: Engine>(cx: &Cx<'_, E>, after: &str, limit: i64) -> Result<Vec<BotView>, OperationError> {
    let sql = format!("SELECT {COLUMNS} FROM bots WHERE bot_id > ?1 ORDER BY bot_id LIMIT ?2");
    cx.sql(&sql, &[after.into(), limit.into()]).await?.iter().map(|row| bot_of(&row).map(BotView::from)).collect()
}

fn bot_of(row: &Row<'_>) -> Result<Bot, OperationError> {
    let read = || {
        Some(Bot {
            bot_id: row.text("bot_id")?,
            agent_key: row.text("agent_key")?,
            username: row.text("username")?,
            token_ref: row.text("token_ref")?,
            webhook_ref: row.text("webhook_ref"),
            webhook_url: row.text("webhook_url"),
            webhook_secret_version: row.integer("webhook_secret_version"),
            webhook_attempts: row.integer("webhook_attempts")?,
            webhook_error: row.text("webhook_error"),
        })
    };
    read().ok_or_else(|| OperationError::unexpected("a row of bots"))
}
