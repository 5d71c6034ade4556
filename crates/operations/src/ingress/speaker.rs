//! Who speaks, to which agent, in which conversation.

use clawstead_domain::binding::Account;
use clawstead_domain::config::TelegramPolicy;
use clawstead_ledger::Engine;
use clawstead_telegram::update::{ChatKind, Message};

use super::{IngressBot, chats};
use crate::{Cx, OperationError, bindings, configs};

/// Where somebody speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// In their own private chat with the bot.
    Private(Account),
    /// In a group.
    Group(Account),
}

impl Place {
    /// `None` when it is nobody whom we listen to: a bot, or somebody in another's private chat, or a channel.
    pub(super) fn of(bot: &IngressBot, message: &Message) -> Option<Self> {
        let account = |user_id: i64| Account {
            bot_id: bot.bot_id.clone(),
            telegram_user_id: user_id.to_string(),
            telegram_chat_id: message.chat.id.to_string(),
        };
        match message.chat.kind {
            ChatKind::Private => message.private_user().map(|user| Self::Private(account(user.id))),
            ChatKind::Group | ChatKind::Supergroup => {
                // Who writes in the name of a chat comes with a stand-in account, which is a bot.
                let person = message.from.as_ref().filter(|user| !user.is_bot).map(|user| user.id);
                let speaker = message.sender_chat.as_ref().map(|chat| chat.id).or(person)?;
                Some(Self::Group(account(speaker)))
            }
            ChatKind::Channel | ChatKind::Unknown => None,
        }
    }
}

/// Somebody whom an agent listens to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Speaker {
    /// Their account, and the chat they speak in.
    pub(super) account: Account,
    /// The agent that listens.
    pub(super) agent_key: String,
    /// Where they talk.
    pub(super) conversation_id: String,
    /// Whether it is their own private chat.
    pub(super) is_private: bool,
    /// Whether they had blocked the bot, as far as we knew.
    pub(super) was_blocked: bool,
}

impl Speaker {
    /// Somebody in their private chat: as the user they are paired with, else as a stranger, if some agent takes those.
    pub(super) async fn private<E: Engine>(
        cx: &Cx<'_, E>,
        bot: &IngressBot,
        account: &Account,
    ) -> Result<Option<Self>, OperationError> {
        let binding = bindings::by_telegram(cx, &bot.bot_id, &account.telegram_user_id).await?;
        // A bot that was given to another agent must not carry messages to the agent it spoke for before.
        if let Some(binding) = binding.filter(|binding| binding.agent_key == bot.agent_key) {
            return Ok(Some(Self {
                account: account.clone(),
                agent_key: binding.agent_key,
                conversation_id: binding.conversation_id,
                is_private: true,
                was_blocked: binding.blocked_at.is_some(),
            }));
        }
        let policy: TelegramPolicy = configs::load(cx).await?.get()?;
        let Some(agent_key) = policy.stranger_agents.get(&bot.agent_key) else {
            return Ok(None);
        };
        Self::without_binding(cx, account, agent_key, true).await.map(Some)
    }

    /// Somebody in a group, if the bot's agent listens in groups.
    pub(super) async fn group<E: Engine>(
        cx: &Cx<'_, E>,
        bot: &IngressBot,
        account: &Account,
    ) -> Result<Option<Self>, OperationError> {
        let policy: TelegramPolicy = configs::load(cx).await?.get()?;
        if !policy.group_agents.contains(&bot.agent_key) {
            return Ok(None);
        }
        Self::without_binding(cx, account, &bot.agent_key, false).await.map(Some)
    }

    async fn without_binding<E: Engine>(
        cx: &Cx<'_, E>,
        account: &Account,
        agent_key: &str,
        is_private: bool,
    ) -> Result<Self, OperationError> {
        let conversation_id = chats::conversation(cx, &account.bot_id, &account.telegram_chat_id, agent_key).await?;
        let agent_key = agent_key.to_owned();
        Ok(Self { account: account.clone(), agent_key, conversation_id, is_private, was_blocked: false })
    }
}
