//! Binding without a code: by the operator, or by a consumer app that knows its users.

use std::collections::BTreeMap;

use clawstead_domain::Refusal;
use clawstead_domain::binding::{Account, Bind, Source};
use clawstead_ledger::Engine;

use super::{Made, make_in_place_of};
use crate::{Cx, OperationError, agents, bots};

/// A binding that somebody asks for. Blank ids are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Direct {
    /// User of the consumer app.
    pub consumer_user_id: String,
    /// Agent the user talks to.
    pub agent_key: String,
    /// The bot that the account writes to; the agent's own when nobody says.
    pub bot_id: Option<String>,
    /// The account.
    pub telegram_user_id: Option<String>,
    /// Its private chat; in Telegram it has the account's id.
    pub telegram_chat_id: Option<String>,
    /// How it comes about.
    pub source: Source,
    /// What the consumer app knows of the account.
    pub metadata: BTreeMap<String, String>,
    /// Whether it takes the place of the user's bindings to other agents, too.
    pub replaces_all: bool,
}

impl Direct {
    /// Whether it says that an account is the user's, without the account having proved it.
    pub fn claims_account(&self) -> bool {
        given(self.telegram_user_id.as_ref()).or(given(self.telegram_chat_id.as_ref())).is_some()
    }
}

/// Binds a user to an agent. The same again is no event; what is told of the account is added to what was known.
///
/// # Errors
/// When the agent does not exist or has no bot for an account to write to, the bot is not the agent's, or the account speaks
/// for another user.
pub async fn bind<E: Engine>(cx: &Cx<'_, E>, direct: Direct) -> Result<Made, OperationError> {
    agents::get(cx, &direct.agent_key).await?;
    let account = account(cx, &direct).await?;
    let Direct { consumer_user_id, agent_key, source, metadata, replaces_all, .. } = direct;
    let wanted = Bind { consumer_user_id, agent_key, account, pairing_id: None, source, metadata };
    make_in_place_of(cx, &wanted, None, replaces_all).await
}

async fn account<E: Engine>(cx: &Cx<'_, E>, direct: &Direct) -> Result<Option<Account>, OperationError> {
    let (user_id, chat_id) = (given(direct.telegram_user_id.as_ref()), given(direct.telegram_chat_id.as_ref()));
    let Some(telegram_user_id) = user_id.or(chat_id) else {
        return Ok(None);
    };
    let bot = bots::of_agent(cx, &direct.agent_key).await?;
    let bot_id = bot.map(|bot| bot.bot_id).ok_or_else(bots::missing)?;
    if given(direct.bot_id.as_ref()).is_some_and(|wanted| wanted != bot_id) {
        return Err(Refusal::conflict("bot_of_another_agent", "this bot does not speak for the agent").into());
    }
    Ok(Some(Account {
        bot_id,
        telegram_user_id: telegram_user_id.to_owned(),
        telegram_chat_id: chat_id.unwrap_or(telegram_user_id).to_owned(),
    }))
}

fn given(id: Option<&String>) -> Option<&str> {
    id.map(|id| id.trim()).filter(|id| !id.is_empty())
}
