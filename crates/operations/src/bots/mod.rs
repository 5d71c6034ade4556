//! Telegram bots of agents.

mod link;

use clawstead_domain::bot::Bot;
use clawstead_ledger::{Engine, Row};
use serde::Serialize;

use crate::{Cx, OperationError};

pub use link::{Linked, Telegram, link};

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
}

impl From<Bot> for BotView {
    fn from(bot: Bot) -> Self {
        let webhook = Webhook { set: bot.webhook_url.is_some(), url: bot.webhook_url };
        Self { bot_id: bot.bot_id, username: bot.username, agent_key: bot.agent_key, webhook }
    }
}

const COLUMNS: &str = "bot_id, agent_key, username, token_ref, webhook_ref, webhook_url";

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
        })
    };
    read().ok_or_else(|| OperationError::unexpected("a row of bots"))
}
