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
    /// Make, change and read message templates.
    Templates,
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
    /// What belongs to these companies only, and nothing that belongs to nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companies: Option<Vec<String>>,
}

impl Reach {
    /// Whether nothing is left out.
    pub fn is_whole(&self) -> bool {
        self.agents.is_none() && self.users.is_none() && self.companies.is_none()
    }

    /// Whether it holds an agent.
    pub fn has_agent(&self, agent_key: &str) -> bool {
        self.agents.as_ref().is_none_or(|agents| agents.iter().any(|one| one == agent_key))
    }

    /// Whether it holds a user.
    pub fn has_user(&self, consumer_user_id: &str) -> bool {
        self.users.as_ref().is_none_or(|users| users.iter().any(|one| one == consumer_user_id))
    }

    /// Whether it holds what belongs to a company, or, for `None`, to nobody. A key that is limited to agents or users and
    /// names no company is of none: it may use what belongs to nobody.
    pub fn has_company(&self, company_id: Option<&str>) -> bool {
        match (&self.companies, company_id) {
            (Some(companies), Some(company_id)) => companies.iter().any(|one| one == company_id),
            (Some(_), None) => false,
            (None, Some(_)) => self.is_whole(),
            (None, None) => true,
        }
    }

    pub(crate) fn check(&self) -> Result<(), Refusal> {
        for (field, list) in [("agents", &self.agents), ("users", &self.users), ("companies", &self.companies)] {
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
        let reach = Reach { agents: Some(vec!["a".into()]), ..Reach::default() };
        assert!(reach.has_agent("a") && !reach.has_agent("b") && reach.has_user("anybody"));
        assert!(Reach::default().is_whole() && !reach.is_whole());
    }

    #[test]
    fn what_belongs_to_a_company_is_for_keys_of_the_company_and_for_those_without_a_limit() {
        let names = |list: &[&str]| Some(list.iter().map(|name| (*name).to_owned()).collect());
        let of_acme = Reach { companies: names(&["acme"]), ..Reach::default() };
        let of_ada = Reach { users: names(&["ada"]), ..Reach::default() };
        let of_both = Reach { users: names(&["ada"]), companies: names(&["acme"]), ..Reach::default() };
        for (reach, holds) in [
            (Reach::default(), [true, true, true]),
            (of_acme.clone(), [true, false, false]),
            (of_both, [true, false, false]),
            (of_ada, [false, false, true]),
        ] {
            assert_eq!([Some("acme"), Some("initech"), None].map(|company| reach.has_company(company)), holds, "{reach:?}");
        }
        assert!(!of_acme.is_whole());
    }

    #[test]
    fn a_list_that_names_nobody_is_refused() {
        let refused = |reach: Reach| create("app", "h".into(), vec![Scope::Stats], reach).unwrap_err().field;
        assert_eq!(refused(Reach { users: Some(Vec::new()), ..Reach::default() }), Some("users"));
        assert_eq!(refused(Reach { companies: Some(vec![String::new()]), ..Reach::default() }), Some("companies"));
    }
}
