//! Calling Telegram as one of our bots.

use clawstead_domain::Refusal;
use clawstead_domain::bot::Bot;
use clawstead_ledger::Engine;
use clawstead_telegram::{BotToken, TelegramError};
use clawstead_transport::TransportError;
use clawstead_vault::KeyRing;

use crate::{Cx, OperationError, secrets};

/// Where Telegram is, and where Telegram finds us.
#[derive(Debug)]
pub struct Telegram<'a, T> {
    /// Carries the calls.
    pub transport: &'a T,
    /// Base address of the Bot API.
    pub api_url: &'a str,
    /// Base address under which Telegram reaches this deployment.
    pub public_url: &'a str,
}

impl<T> Clone for Telegram<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Telegram<'_, T> {}

impl<'a, T> Telegram<'a, T> {
    /// The caller of a bot, with its sealed token.
    ///
    /// # Errors
    /// When there is no token, or it cannot be opened.
    pub(super) async fn of<E: Engine>(
        &self,
        cx: &Cx<'_, E>,
        keys: &KeyRing,
        bot: &Bot,
    ) -> Result<clawstead_telegram::Bot<&'a T>, OperationError> {
        let token = secrets::open(cx, keys, &bot.token_ref).await?;
        let token = token.ok_or_else(|| Refusal::conflict("token_missing", "the token of the bot is gone; import it again"))?;
        let token = BotToken::parse(token.expose()).map_err(|_| OperationError::unexpected("the token of a bot"))?;
        Ok(self.by(token))
    }

    pub(super) fn by(&self, token: BotToken) -> clawstead_telegram::Bot<&'a T> {
        clawstead_telegram::Bot::new(self.transport, self.api_url, token)
    }
}

/// Whether asking again is of no use.
pub(super) fn is_permanent(error: &TelegramError) -> bool {
    match error {
        TelegramError::Unauthorized
        | TelegramError::Forbidden(_)
        | TelegramError::BadRequest(_)
        | TelegramError::NotFound
        | TelegramError::Transport(TransportError::Denied) => true,
        TelegramError::RetryAfter { .. }
        | TelegramError::Unavailable { .. }
        | TelegramError::Malformed { .. }
        | TelegramError::Transport(_) => false,
    }
}

/// What a token that was good once is refused with.
pub(super) const TOKEN_REFUSED: &str = "token_refused";

/// 401, or the 404 with which Telegram answers for tokens that it has never issued.
pub(super) fn is_token_refused(error: &TelegramError) -> bool {
    matches!(error, TelegramError::Unauthorized | TelegramError::NotFound)
}

/// What Telegram did not do for the token that a bot has: nothing that asking again could help, if it is the token.
pub(super) fn outside(error: &TelegramError) -> OperationError {
    if is_token_refused(error) {
        return Refusal::conflict(TOKEN_REFUSED, "Telegram does not accept the token of the bot; import a new one").into();
    }
    OperationError::Outside { service: "telegram", detail: error.to_string(), permanent: is_permanent(error) }
}
