//! Whom bots listen to, and how long a message waits for what belongs to it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Policy, within};
use crate::{Refusal, text};

const AGENTS_MAX: usize = 1_000;

/// Whom bots listen to besides people who are paired, and how long a message waits for its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelegramPolicy {
    /// Agents whose bots may be spoken to in groups. Each group is a conversation of its own.
    pub group_agents: BTreeSet<String>,
    /// Who answers strangers: by the agent whose bot they write to, the agent that takes their messages. Strangers of other bots
    /// are turned away.
    pub stranger_agents: BTreeMap<String, String>,
    /// An album is one message with all its parts that come within so long of one another.
    pub album_wait_ms: i64,
    /// A message waits for its files at most so long; then it is handed out without those that are missing.
    pub files_wait_ms: i64,
}

impl Default for TelegramPolicy {
    fn default() -> Self {
        Self { group_agents: BTreeSet::new(), stranger_agents: BTreeMap::new(), album_wait_ms: 1_500, files_wait_ms: 60_000 }
    }
}

impl Policy for TelegramPolicy {
    const NAME: &'static str = "telegram";

    fn check(&self) -> Result<(), Refusal> {
        for (field, count) in [("group_agents", self.group_agents.len()), ("stranger_agents", self.stranger_agents.len())] {
            if count > AGENTS_MAX {
                return Err(Refusal::invalid(field, format!("must name at most {AGENTS_MAX} agents")));
            }
        }
        for agent_key in &self.group_agents {
            text::check_id("group_agents", agent_key)?;
        }
        for agent_key in self.stranger_agents.iter().flat_map(|(bot_agent, agent)| [bot_agent, agent]) {
            text::check_id("stranger_agents", agent_key)?;
        }
        within("album_wait_ms", self.album_wait_ms, 0, 60_000)?;
        within("files_wait_ms", self.files_wait_ms, 0, 3_600_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_but_paired_people_is_listened_to_unless_the_operator_says_so() {
        let policy = TelegramPolicy::default();
        assert!(policy.check().is_ok() && policy.group_agents.is_empty() && policy.stranger_agents.is_empty());
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let spaced = TelegramPolicy { group_agents: BTreeSet::from(["a b".to_owned()]), ..TelegramPolicy::default() };
        assert_eq!(spaced.check().unwrap_err().field, Some("group_agents"));
        let nobody = BTreeMap::from([("a".to_owned(), String::new())]);
        let nobody = TelegramPolicy { stranger_agents: nobody, ..TelegramPolicy::default() };
        assert_eq!(nobody.check().unwrap_err().field, Some("stranger_agents"));
        let long = TelegramPolicy { album_wait_ms: 60_001, ..TelegramPolicy::default() };
        assert_eq!(long.check().unwrap_err().field, Some("album_wait_ms"));
    }
}
