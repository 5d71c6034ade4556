//! Bindings: which Telegram account speaks for which user of a consumer app.

use std::collections::BTreeMap;

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
        /// How it came about.
        source: Source,
        /// What the consumer app knows of the account.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        metadata: BTreeMap<String, String>,
    },
    /// The consumer app knows more of the account; the rest of what it knew stays.
    BindingAnnotated {
        /// What is new or different.
        metadata: BTreeMap<String, String>,
    },
    /// The account no longer speaks for the user.
    BindingRevoked {
        /// Why: `rebound`, `operator`, …
        reason: String,
    },
    /// Nothing waits in its name any more: no code of its user and agent, and no message, unless the user was bound anew.
    BindingSettled {},
    /// The account has blocked the bot: nothing can be sent there.
    ChatBlocked {},
    /// It takes messages again.
    ChatUnblocked {},
}

impl DomainEvent for BindingEvent {
    const KIND: &'static str = "binding";
}

/// How a binding came about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Somebody made it by hand.
    Manual,
    /// An account brought back a code.
    TelegramPairing,
    /// A program made it.
    #[default]
    Api,
}

impl Source {
    /// Reads its name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "manual" => Some(Self::Manual),
            "telegram_pairing" => Some(Self::TelegramPairing),
            "api" => Some(Self::Api),
            _ => None,
        }
    }
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
    /// How it came about.
    pub source: Source,
    /// What the consumer app knows of the account.
    pub metadata: BTreeMap<String, String>,
    /// Since when.
    pub bound_at: i64,
    /// Until when, if it is over.
    pub revoked_at: Option<i64>,
    /// Since when the account has blocked the bot.
    pub blocked_at: Option<i64>,
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bind {
    /// User of the consumer app.
    pub consumer_user_id: String,
    /// Agent the user talks to.
    pub agent_key: String,
    /// The account that speaks for the user, if it is known yet.
    pub account: Option<Account>,
    /// The pairing that makes it, if one does.
    pub pairing_id: Option<String>,
    /// How it comes about.
    pub source: Source,
    /// What the consumer app knows of the account. What it knew of the binding before stays.
    pub metadata: BTreeMap<String, String>,
}

/// Entries of metadata at most.
const METADATA_ENTRIES_MAX: usize = 32;
/// Longest value of an entry, bytes.
const METADATA_VALUE_BYTES_MAX: usize = 1_024;

/// What making a binding comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// The same binding is active already.
    Already {
        /// The binding.
        binding: Box<Binding>,
        /// What is told of it that was not known.
        news: Option<BindingEvent>,
    },
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
    check_metadata(&wanted.metadata)?;
    if let Some(account) = &wanted.account {
        account.check()?;
    }
    if of_account.as_ref().is_some_and(|binding| binding.consumer_user_id != wanted.consumer_user_id) {
        return Err(Refusal::conflict("account_of_another_user", "the account speaks for another user"));
    }
    let account = wanted.account.as_ref();
    if let Some(same) = own.as_ref().filter(|binding| wanted.pairing_id.is_none() && binding.is_of(account)) {
        return Ok(Bound::Already { news: annotated(same, &wanted.metadata), binding: Box::new(same.clone()) });
    }
    let mut metadata = own.as_ref().map(|own| own.metadata.clone()).unwrap_or_default();
    metadata.extend(wanted.metadata.clone());
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
            source: wanted.source,
            metadata,
        },
    })
}

/// What is heard of the chat of a binding: whether it takes messages. No event for what is known.
pub fn heard(binding: &Binding, blocked: bool) -> Option<BindingEvent> {
    match (binding.blocked_at, blocked) {
        (None, true) => Some(BindingEvent::ChatBlocked {}),
        (Some(_), false) => Some(BindingEvent::ChatUnblocked {}),
        _ => None,
    }
}

/// What is new in what is told of a binding, if anything is.
pub fn annotated(known: &Binding, told: &BTreeMap<String, String>) -> Option<BindingEvent> {
    let mut metadata = told.clone();
    metadata.retain(|name, value| known.metadata.get(name) != Some(value));
    (!metadata.is_empty()).then_some(BindingEvent::BindingAnnotated { metadata })
}

fn check_metadata(metadata: &BTreeMap<String, String>) -> Result<(), Refusal> {
    if metadata.len() > METADATA_ENTRIES_MAX {
        return Err(Refusal::invalid("metadata", format!("must have at most {METADATA_ENTRIES_MAX} entries")));
    }
    for (name, value) in metadata {
        text::check_id("metadata", name)?;
        text::check_length("metadata", value, METADATA_VALUE_BYTES_MAX)?;
    }
    Ok(())
}

impl Account {
    /// Groups have negative ids. A binding to one would let everybody in it speak for the user.
    fn check(&self) -> Result<(), Refusal> {
        text::check_id("telegram_user_id", &self.telegram_user_id)?;
        text::check_id("telegram_chat_id", &self.telegram_chat_id)?;
        if self.telegram_chat_id.starts_with('-') || self.telegram_user_id.starts_with('-') {
            return Err(Refusal::invalid("telegram_chat_id", "must be a private chat"));
        }
        Ok(())
    }
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
