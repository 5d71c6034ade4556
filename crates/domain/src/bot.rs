//! Telegram bots: which one speaks for which agent, and where its updates go. Their events are in the agent's stream.

use serde::Serialize;

use crate::agent::AgentEvent;
use crate::{Refusal, text};

/// What is known of a linked bot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
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
    /// The version of the secret that Telegram has confirmed.
    pub webhook_secret_version: Option<i64>,
    /// How often in a row Telegram has not set its webhook.
    pub webhook_attempts: i64,
    /// Why not, the last time.
    pub webhook_error: Option<String>,
}

/// Where the token of a bot is kept. The bot owns it, not the agent: no two agents can share one by accident.
pub fn token_ref(bot_id: &str) -> String {
    format!("telegram.botToken.{bot_id}")
}

/// Where consumer apps put the token of an agent's bot before it is known whose token it is.
pub fn agent_token_ref(agent_key: &str) -> String {
    format!("telegram.botToken.{agent_key}")
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

/// Whoever asks Telegram for a webhook is given so long, until somebody else asks, ms.
pub const WEBHOOK_PATIENCE_MS: i64 = 60_000;

/// Telegram is asked so often for one thing.
pub const ATTEMPTS_MAX: i64 = 12;

/// Telegram is about to be asked for the webhook of a bot. No event when it has confirmed all of it already: then asking again
/// changes nothing.
pub fn webhook_requested(bot: &Bot, url: &str, secret_version: i64, now: i64) -> Option<AgentEvent> {
    if bot.has_webhook(url, secret_version) {
        return None;
    }
    let retry_at = now + WEBHOOK_PATIENCE_MS;
    Some(AgentEvent::WebhookRequested { bot_id: bot.bot_id.clone(), url: url.to_owned(), retry_at })
}

/// Telegram has confirmed where it delivers the updates of a bot. No event when that is nothing new.
pub fn webhook_confirmed(bot: &Bot, url: &str, secret_version: i64) -> Option<AgentEvent> {
    if bot.has_webhook(url, secret_version) && bot.webhook_attempts == 0 {
        return None;
    }
    let secret_ref = webhook_secret_ref(&bot.bot_id);
    Some(AgentEvent::WebhookConfigured { bot_id: bot.bot_id.clone(), url: url.to_owned(), secret_ref, secret_version })
}

/// Telegram has not set the webhook of a bot. It is asked again unless that is of no use, or was tried often enough.
pub fn webhook_failed(bot: &Bot, reason: &str, permanent: bool, now: i64) -> AgentEvent {
    let attempts = bot.webhook_attempts + 1;
    let again = !permanent && attempts < ATTEMPTS_MAX;
    AgentEvent::WebhookFailed {
        bot_id: bot.bot_id.clone(),
        attempts,
        retry_at: again.then(|| now + delay_ms(attempts)),
        reason: text::truncate(reason, 300).to_owned(),
    }
}

/// Telegram has not let go of a retired bot. `None` when it was tried often enough.
pub fn retirement_failed(bot_id: &str, attempts_before: i64, reason: &str, now: i64) -> Option<AgentEvent> {
    let attempts = attempts_before + 1;
    (attempts < ATTEMPTS_MAX).then(|| AgentEvent::BotRetirementFailed {
        bot_id: bot_id.to_owned(),
        attempts,
        retry_at: now + delay_ms(attempts),
        reason: text::truncate(reason, 300).to_owned(),
    })
}

/// Doubles from 5 s to an hour.
fn delay_ms(attempts: i64) -> i64 {
    (5_000 << attempts.clamp(1, 20) >> 1).min(3_600_000)
}

impl Bot {
    fn has_webhook(&self, url: &str, secret_version: i64) -> bool {
        self.webhook_url.as_deref() == Some(url) && self.webhook_secret_version == Some(secret_version)
    }
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
            webhook_secret_version: Some(1),
            webhook_attempts: 0,
            webhook_error: None,
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
        let here = webhook_url("https://h.test/", "7");
        assert_eq!(webhook_confirmed(&bot(), &here, 1), None);
        assert_eq!(webhook_requested(&bot(), &here, 1, 0), None);
        assert!(webhook_confirmed(&bot(), &webhook_url("https://new.test", "7"), 1).is_some());
        assert!(webhook_requested(&bot(), &here, 2, 0).is_some());
        assert!(webhook_confirmed(&Bot { webhook_attempts: 1, ..bot() }, &here, 1).is_some());
    }

    #[test]
    fn what_telegram_does_not_do_is_tried_again_ever_later_and_not_for_ever() {
        let retry_at = |attempts: i64, permanent: bool| {
            let bot = Bot { webhook_attempts: attempts, ..bot() };
            let AgentEvent::WebhookFailed { retry_at, .. } = webhook_failed(&bot, "busy", permanent, 0) else { panic!() };
            retry_at
        };
        assert_eq!((retry_at(0, false), retry_at(1, false), retry_at(10, false)), (Some(5_000), Some(10_000), Some(3_600_000)));
        assert_eq!((retry_at(0, true), retry_at(11, false)), (None, None));
        assert!(retirement_failed("7", 10, "busy", 0).is_some());
        assert_eq!(retirement_failed("7", 11, "busy", 0), None);
    }
}
