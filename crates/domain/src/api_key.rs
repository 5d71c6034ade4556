//! Keys of consumer apps.

use serde::{Deserialize, Serialize};

use crate::{DomainEvent, Refusal, text};

/// Events of an API key's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum ApiKeyEvent {
    /// A key was made. Only its hash is kept.
    ApiKeyCreated {
        /// For people.
        name: String,
        /// SHA-256 of the key, hex.
        hash: String,
        /// What it may do.
        scopes: Vec<Scope>,
        /// For whom.
        #[serde(flatten)]
        reach: Reach,
    },
    /// It is refused from now on.
    ApiKeyRevoked {},
}

impl DomainEvent for ApiKeyEvent {
    const KIND: &'static str = "apikey";
}

/// What a key may do for its users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Read the queue's figures.
    Stats,
    /// Enqueue messages, and read messages and conversations.
    Messages,
    /// Make pairing codes and bindings, and read them.
    Pairing,
    /// Give agents their bots, and switch agents on and off.
    Agents,
    /// Follow what happens to agents and users.
    Events,
    /// Deploy skills, and read them: programs that every worker runs.
    Skills,
}

/// Names in each list of a reach at most.
const REACH_MAX: usize = 100;

/// For whom a key may act. A list that is missing leaves it open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// These agents only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agents: Option<Vec<String>>,
    /// These users of the consumer app only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Vec<String>>,
}

impl Reach {
    /// Whether nothing is left out.
    pub fn is_whole(&self) -> bool {
        self.agents.is_none() && self.users.is_none()
    }

    /// Whether it holds an agent.
    pub fn has_agent(&self, agent_key: &str) -> bool {
        self.agents.as_ref().is_none_or(|agents| agents.iter().any(|one| one == agent_key))
    }

    /// Whether it holds a user.
    pub fn has_user(&self, consumer_user_id: &str) -> bool {
        self.users.as_ref().is_none_or(|users| users.iter().any(|one| one == consumer_user_id))
    }

    pub(crate) fn check(&self) -> Result<(), Refusal> {
        for (field, list) in [("agents", &self.agents), ("users", &self.users)] {
            let Some(list) = list else { continue };
            if list.is_empty() || list.len() > REACH_MAX {
                return Err(Refusal::invalid(field, format!("must name 1 to {REACH_MAX}")));
            }
            list.iter().try_for_each(|name| text::check_id(field, name))?;
        }
        Ok(())
    }
}

/// Makes a key.
///
/// # Errors
/// When the name, the scopes or the reach cannot be.
pub fn create(name: &str, hash: String, mut scopes: Vec<Scope>, reach: Reach) -> Result<ApiKeyEvent, Refusal> {
    text::check_text("name", name, 128)?;
    if scopes.is_empty() {
        return Err(Refusal::invalid("scopes", "must name at least one"));
    }
    scopes.dedup();
    reach.check()?;
    Ok(ApiKeyEvent::ApiKeyCreated { name: name.to_owned(), hash, scopes, reach })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reach_holds_what_it_names_and_everything_where_it_names_nothing() {
        let reach = Reach { agents: Some(vec!["a".into()]), users: None };
        assert!(reach.has_agent("a") && !reach.has_agent("b") && reach.has_user("anybody"));
        assert!(Reach::default().is_whole() && !reach.is_whole());
    }

    #[test]
    fn a_list_that_names_nobody_is_refused() {
        let reach = Reach { agents: None, users: Some(Vec::new()) };
        assert_eq!(create("app", "h".into(), vec![Scope::Stats], reach).unwrap_err().field, Some("users"));
    }
}
