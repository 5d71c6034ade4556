//! Whose an account is.

use clawstead_domain::binding::Binding;
use clawstead_ledger::{Engine, Value};

use super::one;
use crate::{Cx, OperationError};

/// An account, as far as it is known. Blank is unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// The bot it writes to.
    pub bot_id: Option<String>,
    /// The account.
    pub telegram_user_id: Option<String>,
    /// Its private chat. Looked at only when the account is not known: who speaks in a chat is not whose chat it is.
    pub telegram_chat_id: Option<String>,
}

/// The active binding of an account: on its bot, or without one the newest on any bot.
///
/// # Errors
/// When the database does not answer.
pub async fn resolve<E: Engine>(cx: &Cx<'_, E>, account: &Account) -> Result<Option<Binding>, OperationError> {
    let given = |id: &Option<String>| id.as_deref().map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned);
    let (column, id) = match (given(&account.telegram_user_id), given(&account.telegram_chat_id)) {
        (Some(user_id), _) => ("active_telegram_user_id", user_id),
        (None, Some(chat_id)) => ("active_telegram_chat_id", chat_id),
        (None, None) => return Ok(None),
    };
    let mut params: Vec<Value> = vec![id.into()];
    let mut which = format!("{column} = ?1");
    if let Some(bot_id) = given(&account.bot_id) {
        params.push(bot_id.into());
        which += " AND bot_id = ?2";
    }
    one(cx, &format!("{which} ORDER BY bound_at DESC LIMIT 1"), &params).await
}
