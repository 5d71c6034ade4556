//! Bindings: which Telegram account speaks for which user of a consumer app.

use serde::{Deserialize, Serialize};

use crate::{DomainEvent, Refusal, text};

/// Events of a binding's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum BindingEvent {
    /// An account was bound. The conversation is opaque and stays the same when the user binds again to the same agent.
    BindingMade {
        /// User of the consumer app.
        consumer_user_id: String,
        /// Agent the user talks to.
        agent_key: String,
        /// Where they talk.
        conversation_id: String,
        /// Bot the account writes to.
        bot_id: Option<String>,
        /// The account.
        telegram_user_id: Option<String>,
        /// Its private chat with the bot.
        telegram_chat_id: Option<String>,
        /// The pairing that made it, if one did.
        pairing_id: Option<String>,
    },
    /// The account no longer speaks for the user.
    BindingRevoked {
        /// Why: `rebound`, `operator`, …
        reason: String,
    },
}

impl DomainEvent for BindingEvent {
    const KIND: &'static str = "binding";
}

/// A binding; active until it is revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Binding {
    /// Its id.
    pub binding_id: String,
    /// User of the consumer app.
    pub consumer_user_id: String,
    /// Agent the user talks to.
    pub agent_key: String,
    /// Where they talk.
    pub conversation_id: String,
    /// Bot the account writes to.
    pub bot_id: Option<String>,
    /// The account.
    pub telegram_user_id: Option<String>,
    /// Its private chat with the bot.
    pub telegram_chat_id: Option<String>,
    /// Since when.
    pub bound_at: i64,
    /// Until when, if it is over.
    pub revoked_at: Option<i64>,
    /// Version of its stream.
    #[serde(skip)]
    pub stream_version: i64,
}

/// A private chat of an account with a bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The bot it writes to.
    pub bot_id: String,
    /// The account.
    pub telegram_user_id: String,
    /// Its private chat.
    pub telegram_chat_id: String,
}

/// A binding to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bind {
    /// User of the consumer app.
    pub consumer_user_id: String,
    /// Agent the user talks to.
    pub agent_key: String,
    /// The account that speaks for the user, if it is known yet.
    pub account: Option<Account>,
    /// The pairing that makes it, if one does.
    pub pairing_id: Option<String>,
}

/// What making a binding comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// The same binding is active already.
    Already(Binding),
    /// A new one, in place of those that it ends.
    Anew {
        /// Bindings that end, each once.
        ended: Vec<Binding>,
        /// The new one.
        made: BindingEvent,
    },
}

/// Binds a user to an agent. `own` is the user's active binding to the agent, `of_account` that of the account on this bot:
/// both end, for a user has one account per agent and an account one user per bot.
///
/// # Errors
/// When a value cannot be, or the account speaks for another user: it must be revoked there first.
pub fn bind(wanted: &Bind, own: Option<Binding>, of_account: Option<Binding>, conversation_id: String) -> Result<Bound, Refusal> {
    text::check_id("consumer_user_id", &wanted.consumer_user_id)?;
    text::check_id("agent_key", &wanted.agent_key)?;
    if of_account.as_ref().is_some_and(|binding| binding.consumer_user_id != wanted.consumer_user_id) {
        return Err(Refusal::conflict("account_of_another_user", "the account speaks for another user"));
    }
    let account = wanted.account.as_ref();
    if let Some(same) = own.as_ref().filter(|binding| wanted.pairing_id.is_none() && binding.is_of(account)) {
        return Ok(Bound::Already(same.clone()));
    }
    let other = of_account.filter(|binding| own.as_ref().is_none_or(|own| own.binding_id != binding.binding_id));
    Ok(Bound::Anew {
        ended: own.into_iter().chain(other).collect(),
        made: BindingEvent::BindingMade {
            consumer_user_id: wanted.consumer_user_id.clone(),
            agent_key: wanted.agent_key.clone(),
            conversation_id,
            bot_id: account.map(|account| account.bot_id.clone()),
            telegram_user_id: account.map(|account| account.telegram_user_id.clone()),
            telegram_chat_id: account.map(|account| account.telegram_chat_id.clone()),
            pairing_id: wanted.pairing_id.clone(),
        },
    })
}

impl Binding {
    /// Whether it binds this account, or none.
    pub fn is_of(&self, account: Option<&Account>) -> bool {
        self.bot_id.as_ref() == account.map(|account| &account.bot_id)
            && self.telegram_user_id.as_ref() == account.map(|account| &account.telegram_user_id)
            && self.telegram_chat_id.as_ref() == account.map(|account| &account.telegram_chat_id)
    }
}

#[cfg(test)]
mod tests;
