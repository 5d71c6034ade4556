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
    /// Telegram delivers the bot's updates to `url`.
    WebhookConfigured {
        /// The bot.
        bot_id: String,
        /// Where updates go.
        url: String,
        /// Where the secret that proves a delivery is kept.
        secret_ref: String,
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
    /// Change of its bridge.
    pub bridge: Option<BridgeChange>,
}

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
    let version =
        change.version.clone().unwrap_or_else(|| known.map_or_else(|| "1.0.0".to_owned(), |agent| agent.version.clone()));
    let known_bridge = known.and_then(|agent| agent.bridge.as_ref());
    let bridge = match &change.bridge {
        Some(change) => Some(bridge::changed(known_bridge, change)?),
        None => known_bridge.cloned(),
    };
    if known.is_none_or(|agent| agent.version != version || agent.bridge != bridge) {
        events.push(AgentEvent::AgentConfigured { version, bridge });
    }
    let enabled = known.is_none_or(|agent| agent.enabled);
    match change.enabled {
        Some(true) if !enabled => events.push(AgentEvent::AgentEnabled {}),
        Some(false) if enabled => events.push(AgentEvent::AgentDisabled {}),
        _ => {}
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent() -> Agent {
        Agent { agent_key: "a".into(), version: "2".into(), enabled: true, bridge: None, stream_version: 1 }
    }

    #[test]
    fn a_partial_update_keeps_the_rest() {
        let events = configure("a", Some(&agent()), &Configure { enabled: Some(false), ..Configure::default() }).unwrap();
        assert_eq!(events, [AgentEvent::AgentDisabled {}]);
    }

    #[test]
    fn the_same_again_is_no_event() {
        let same = Configure { version: Some("2".into()), enabled: Some(true), bridge: None };
        assert_eq!(configure("a", Some(&agent()), &same).unwrap(), []);
    }

    #[test]
    fn a_bridge_is_changed_in_part_and_kept_by_other_changes() {
        let enabled = BridgeChange { enabled: Some(true), ..BridgeChange::default() };
        let change = Configure { bridge: Some(enabled.clone()), ..Configure::default() };
        let events = configure("a", Some(&agent()), &change).unwrap();
        let bridge = Some(Bridge { enabled: true, ..Bridge::default() });
        assert_eq!(events, [AgentEvent::AgentConfigured { version: "2".into(), bridge: bridge.clone() }]);
        let with = Agent { bridge: bridge.clone(), ..agent() };
        assert_eq!(configure("a", Some(&with), &change).unwrap(), []);
        let other = Configure { version: Some("3".into()), ..Configure::default() };
        let events = configure("a", Some(&with), &other).unwrap();
        assert_eq!(events, [AgentEvent::AgentConfigured { version: "3".into(), bridge }]);
    }

    #[test]
    fn a_new_agent_is_enabled_unless_told_otherwise() {
        assert_eq!(configure("a", None, &Configure::default()).unwrap().len(), 1);
        assert_eq!(configure("a", None, &Configure { enabled: Some(false), ..Configure::default() }).unwrap().len(), 2);
    }
}
