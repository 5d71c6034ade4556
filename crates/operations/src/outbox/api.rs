//! Telegram, as bots of ours reach it.

use clawstead_domain::bot;
use clawstead_ledger::Engine;
use clawstead_telegram::{Bot, BotToken};
use clawstead_transport::Transport;
use clawstead_vault::KeyRing;

use crate::{Cx, OperationError, secrets};

/// The way to Telegram.
pub struct TelegramApi<'a, T> {
    /// Carries the calls.
    pub transport: &'a T,
    /// Base address of the Bot API.
    pub api_url: &'a str,
    /// Opens the tokens of bots.
    pub keys: &'a KeyRing,
    /// The instant, ms since the epoch: calls take time.
    pub clock: &'a dyn Fn() -> i64,
}

impl<T> std::fmt::Debug for TelegramApi<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TelegramApi").field("api_url", &self.api_url).finish_non_exhaustive()
    }
}

impl<'a, T: Transport> TelegramApi<'a, T> {
    /// The bot with this id, if we have its token and it is linked.
    pub(crate) async fn bot<E: Engine>(&self, cx: &Cx<'_, E>, bot_id: &str) -> Result<Option<Bot<&'a T>>, OperationError> {
        if cx.sql("SELECT 1 AS linked FROM bots WHERE bot_id = ?1", &[bot_id.into()]).await?.first().is_none() {
            return Ok(None);
        }
        let token = secrets::open(cx, self.keys, &bot::token_ref(bot_id)).await?;
        let token = token.and_then(|token| BotToken::parse(token.expose()).ok());
        Ok(token.map(|token| Bot::new(self.transport, self.api_url, token)))
    }

    /// Surroundings at the instant of now.
    pub(crate) fn now<'c, E>(&self, cx: &Cx<'c, E>) -> Cx<'c, E> {
        cx.at((self.clock)())
    }
}
