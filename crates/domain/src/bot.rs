//! Telegram bots: which one speaks for which agent, and where its updates go. Their events are in the agent's stream.

use serde::Serialize;

use crate::Refusal;
use crate::agent::AgentEvent;

/// What is known of a linked bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bot {
    /// Telegram's id of it.
    pub bot_id: String,
    /// The agent it speaks for.
    pub agent_key: String,
    /// Its user name, without `@`.
    pub username: String,
    /// Where its token is kept.
    pub token_ref: String,
    /// Where the secret that proves a delivery is kept, once Telegram has confirmed the webhook.
    pub webhook_ref: Option<String>,
    /// Where Telegram delivers its updates, once it has confirmed that.
    pub webhook_url: Option<String>,
}

/// Where the token of a bot is kept. The bot owns it, not the agent: no two agents can share one by accident.
pub fn token_ref(bot_id: &str) -> String {
    format!("telegram.botToken.{bot_id}")
}

/// Where the secret is kept that Telegram sends with every update of a bot.
pub fn webhook_secret_ref(bot_id: &str) -> String {
    format!("telegram.webhookSecret.{bot_id}")
}

/// Where the updates of a bot are to be delivered.
pub fn webhook_url(public_url: &str, bot_id: &str) -> String {
    format!("{}/telegram/{bot_id}/webhook", public_url.trim_end_matches('/'))
}

/// Lets a bot speak for an agent. No event when it does already.
///
/// # Errors
/// When it speaks for another agent.
pub fn link(agent_key: &str, known: Option<&Bot>, bot_id: &str, username: &str) -> Result<Option<AgentEvent>, Refusal> {
    if known.is_some_and(|bot| bot.agent_key != agent_key) {
        return Err(of_another_agent());
    }
    let token_ref = token_ref(bot_id);
    if known.is_some_and(|bot| bot.username == username && bot.token_ref == token_ref) {
        return Ok(None);
    }
    Ok(Some(AgentEvent::BotLinked { bot_id: bot_id.to_owned(), username: username.to_owned(), token_ref }))
}

/// Telegram has confirmed where it delivers the updates of a bot. No event when that is nothing new.
pub fn webhook_confirmed(bot: &Bot, url: &str) -> Option<AgentEvent> {
    let secret_ref = webhook_secret_ref(&bot.bot_id);
    if bot.webhook_url.as_deref() == Some(url) && bot.webhook_ref.as_ref() == Some(&secret_ref) {
        return None;
    }
    Some(AgentEvent::WebhookConfigured { bot_id: bot.bot_id.clone(), url: url.to_owned(), secret_ref })
}

/// The refusal of a bot that belongs to another agent.
pub fn of_another_agent() -> Refusal {
    Refusal::conflict("bot_of_another_agent", "the bot belongs to another agent")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bot() -> Bot {
        Bot {
            bot_id: "7".into(),
            agent_key: "a".into(),
            username: "helper_bot".into(),
            token_ref: token_ref("7"),
            webhook_ref: Some(webhook_secret_ref("7")),
            webhook_url: Some("https://h.test/telegram/7/webhook".into()),
        }
    }

    #[test]
    fn a_bot_belongs_to_one_agent() {
        assert!(link("a", None, "7", "helper_bot").unwrap().is_some());
        assert_eq!(link("b", Some(&bot()), "7", "helper_bot").unwrap_err().code, "bot_of_another_agent");
    }

    #[test]
    fn linking_again_is_an_event_only_when_the_name_changed() {
        assert_eq!(link("a", Some(&bot()), "7", "helper_bot").unwrap(), None);
        assert!(link("a", Some(&bot()), "7", "other_bot").unwrap().is_some());
    }

    #[test]
    fn a_webhook_is_an_event_when_it_moves() {
        assert_eq!(webhook_confirmed(&bot(), &webhook_url("https://h.test/", "7")), None);
        assert!(webhook_confirmed(&bot(), &webhook_url("https://new.test", "7")).is_some());
        assert!(webhook_confirmed(&Bot { webhook_ref: None, ..bot() }, "https://h.test/telegram/7/webhook").is_some());
    }
}
