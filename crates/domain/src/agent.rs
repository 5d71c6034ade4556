//! Agent profiles and their Telegram bots.

mod bridge;

use serde::{Deserialize, Serialize};

pub use bridge::{Bridge, BridgeChange};

use crate::{DomainEvent, Refusal, text};

/// Events of an agent's stream; its id is the agent key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum AgentEvent {
    /// The profile was made or changed.
    AgentConfigured {
        /// Version of the agent, as its owner names it.
        version: String,
        /// Its bridge, the whole of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bridge: Option<Bridge>,
        /// Secrets that it needs beyond those of its bot and its bridge.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        secret_refs: Vec<String>,
    },
    /// Its messages are handed out.
    AgentEnabled {},
    /// Its messages wait.
    AgentDisabled {},
    /// A bot speaks for the agent.
    BotLinked {
        /// Telegram's id of the bot.
        bot_id: String,
        /// Its user name, without `@`.
        username: String,
        /// Where its token is kept.
        token_ref: String,
    },
    /// The bot speaks for the agent no longer, and no other one does.
    BotUnlinked {
        /// The bot.
        bot_id: String,
    },
    /// Telegram is about to be asked to deliver the bot's updates to `url`.
    WebhookRequested {
        /// The bot.
        bot_id: String,
        /// Where updates shall go.
        url: String,
        /// When somebody asks again, unless the outcome is known by then.
        retry_at: i64,
    },
    /// Telegram did not do it.
    WebhookFailed {
        /// The bot.
        bot_id: String,
        /// How often in a row.
        attempts: i64,
        /// When it is asked again; never, when that is of no use.
        retry_at: Option<i64>,
        /// What it said.
        reason: String,
    },
    /// Telegram delivers the bot's updates to `url`.
    WebhookConfigured {
        /// The bot.
        bot_id: String,
        /// Where updates go.
        url: String,
        /// Where the secret that proves a delivery is kept.
        secret_ref: String,
        /// The version of that secret that Telegram was given.
        secret_version: i64,
    },
    /// Telegram did not let go of a bot that speaks for nobody any more.
    BotRetirementFailed {
        /// The bot.
        bot_id: String,
        /// How often in a row.
        attempts: i64,
        /// When it is tried again.
        retry_at: i64,
        /// What went wrong.
        reason: String,
    },
    /// Nothing is left of a bot that speaks for nobody any more: no webhook, no secret, no binding.
    BotRetired {
        /// The bot.
        bot_id: String,
        /// Whether Telegram agreed to deliver nothing more.
        webhook_removed: bool,
    },
}

impl DomainEvent for AgentEvent {
    const KIND: &'static str = "agent";
}

/// What is known of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Agent {
    /// Its key.
    pub agent_key: String,
    /// Version as its owner names it.
    pub version: String,
    /// Whether its messages are handed out.
    pub enabled: bool,
    /// Its bridge, if it was ever given one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bridge: Option<Bridge>,
    /// Secrets that it needs beyond those of its bot and its bridge.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secret_refs: Vec<String>,
    /// Version of its stream.
    #[serde(skip)]
    pub stream_version: i64,
}

/// A change of a profile; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Configure {
    /// New version.
    pub version: Option<String>,
    /// Switch on or off.
    pub enabled: Option<bool>,
    /// Change of its bridge; `Some(None)` takes it away.
    pub bridge: Option<Option<BridgeChange>>,
    /// The whole of its further secrets.
    pub secret_refs: Option<Vec<String>>,
}

/// Names of so many further secrets may be in a profile.
const SECRET_REFS_MAX: usize = 32;

/// Version of an agent that was never given one.
const FIRST_VERSION: &str = "1.0.0";

/// Makes or changes a profile. No events when nothing would change.
///
/// # Errors
/// When a value cannot be.
pub fn configure(agent_key: &str, known: Option<&Agent>, change: &Configure) -> Result<Vec<AgentEvent>, Refusal> {
    text::check_id("agent_key", agent_key)?;
    if let Some(version) = &change.version {
        text::check_text("version", version, 64)?;
    }
    let mut events = Vec::new();
    let known_version = known.map_or(FIRST_VERSION, |agent| &agent.version);
    let version = change.version.clone().unwrap_or_else(|| known_version.to_owned());
    let known_bridge = known.and_then(|agent| agent.bridge.as_ref());
    let bridge = match &change.bridge {
        Some(Some(change)) => Some(bridge::changed(known_bridge, change)?),
        Some(None) => None,
        None => known_bridge.cloned(),
    };
    let secret_refs = match &change.secret_refs {
        Some(wanted) => checked_refs(wanted)?,
        None => known.map(|agent| agent.secret_refs.clone()).unwrap_or_default(),
    };
    if known.is_none_or(|agent| agent.version != version || agent.bridge != bridge || agent.secret_refs != secret_refs) {
        events.push(AgentEvent::AgentConfigured { version, bridge, secret_refs });
    }
    let enabled = known.is_none_or(|agent| agent.enabled);
    match change.enabled {
        Some(true) if !enabled => events.push(AgentEvent::AgentEnabled {}),
        Some(false) if enabled => events.push(AgentEvent::AgentDisabled {}),
        _ => {}
    }
    Ok(events)
}

/// Each once, in the order given.
fn checked_refs(wanted: &[String]) -> Result<Vec<String>, Refusal> {
    let mut refs: Vec<String> = Vec::new();
    for secret_ref in wanted {
        text::check_id("secret_refs", secret_ref)?;
        if !refs.contains(secret_ref) {
            refs.push(secret_ref.clone());
        }
    }
    if refs.len() > SECRET_REFS_MAX {
        return Err(Refusal::invalid("secret_refs", format!("must name at most {SECRET_REFS_MAX}")));
    }
    Ok(refs)
}

/// The secrets that an agent needs: those of its profile, the token of its bot, and what its bridge is opened with.
/// `token_ref` is where the token of its bot is kept, if it has one.
pub fn required_secrets(agent: &Agent, token_ref: Option<&str>) -> Vec<String> {
    let imported_as = crate::bot::agent_token_ref(&agent.agent_key);
    let mut refs = agent.secret_refs.clone();
    refs.push(token_ref.map_or(imported_as, str::to_owned));
    if let Some(bridge) = agent.bridge.as_ref().filter(|bridge| bridge.enabled) {
        refs.push(bridge.service_key_ref.clone().unwrap_or_else(|| format!("agent-bridge.serviceKey.{}", agent.agent_key)));
        if bridge.base_url.is_none() {
            let of_agent = || format!("agent-bridge.baseUrlMapJson.{}", agent.agent_key);
            refs.push(bridge.base_url_map_ref.clone().unwrap_or_else(of_agent));
        }
    }
    let mut once = Vec::new();
    refs.retain(|secret_ref| {
        !once.contains(secret_ref) && {
            once.push(secret_ref.clone());
            true
        }
    });
    refs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent() -> Agent {
        Agent {
            agent_key: "a".into(),
            version: "2".into(),
            enabled: true,
            bridge: None,
            secret_refs: Vec::new(),
            stream_version: 1,
        }
    }

    #[test]
    fn a_partial_update_keeps_the_rest() {
        let events = configure("a", Some(&agent()), &Configure { enabled: Some(false), ..Configure::default() }).unwrap();
        assert_eq!(events, [AgentEvent::AgentDisabled {}]);
    }

    #[test]
    fn the_same_again_is_no_event() {
        let same = Configure { version: Some("2".into()), enabled: Some(true), ..Configure::default() };
        assert_eq!(configure("a", Some(&agent()), &same).unwrap(), []);
    }

    #[test]
    fn a_bridge_is_changed_in_part_and_kept_by_other_changes() {
        let enabled = BridgeChange { enabled: Some(true), ..BridgeChange::default() };
        let change = Configure { bridge: Some(Some(enabled.clone())), ..Configure::default() };
        let events = configure("a", Some(&agent()), &change).unwrap();
        let bridge = Some(Bridge { enabled: true, ..Bridge::default() });
        assert_eq!(
            events,
            [AgentEvent::AgentConfigured { version: "2".into(), bridge: bridge.clone(), secret_refs: Vec::new() }]
        );
        let with = Agent { bridge: bridge.clone(), ..agent() };
        assert_eq!(configure("a", Some(&with), &change).unwrap(), []);
        let other = Configure { version: Some("3".into()), ..Configure::default() };
        let events = configure("a", Some(&with), &other).unwrap();
        assert_eq!(events, [AgentEvent::AgentConfigured { version: "3".into(), bridge, secret_refs: Vec::new() }]);
        let away = Configure { bridge: Some(None), ..Configure::default() };
        let without = AgentEvent::AgentConfigured { version: "2".into(), bridge: None, secret_refs: Vec::new() };
        assert_eq!(configure("a", Some(&with), &away).unwrap(), [without]);
    }

    #[test]
    fn further_secrets_are_kept_by_other_changes_and_can_be_taken_away() {
        let with = Agent { secret_refs: vec!["x".into()], ..agent() };
        let other = Configure { version: Some("3".into()), ..Configure::default() };
        let AgentEvent::AgentConfigured { secret_refs, .. } = &configure("a", Some(&with), &other).unwrap()[0] else { panic!() };
        assert_eq!(secret_refs, &["x"]);
        let set = |refs: &[&str]| Configure {
            secret_refs: Some(refs.iter().map(|name| (*name).to_owned()).collect()),
            ..Configure::default()
        };
        assert_eq!(configure("a", Some(&with), &set(&["x", "x"])).unwrap(), []);
        assert_eq!(configure("a", Some(&with), &set(&[])).unwrap().len(), 1);
        assert_eq!(configure("a", Some(&with), &set(&["a b"])).unwrap_err().field, Some("secret_refs"));
    }

    #[test]
    fn an_agent_needs_its_bots_token_and_what_its_bridge_is_opened_with() {
        let bridge = Bridge { enabled: true, ..Bridge::default() };
        let with = Agent { secret_refs: vec!["x".into()], bridge: Some(bridge), ..agent() };
        let all = ["x", "telegram.botToken.a", "agent-bridge.serviceKey.a", "agent-bridge.baseUrlMapJson.a"];
        assert_eq!(required_secrets(&with, None), all);
        assert_eq!(required_secrets(&agent(), Some("telegram.botToken.7")), ["telegram.botToken.7"]);
    }

    #[test]
    fn a_new_agent_is_enabled_unless_told_otherwise() {
        assert_eq!(configure("a", None, &Configure::default()).unwrap().len(), 1);
        assert_eq!(configure("a", None, &Configure { enabled: Some(false), ..Configure::default() }).unwrap().len(), 2);
    }
}
