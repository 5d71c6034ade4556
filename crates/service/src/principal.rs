//! Who asks.

use clawstead_domain::api_key::{Reach, Scope};
use clawstead_operations::files::Link;
use clawstead_operations::ingress::IngressBot;
use clawstead_operations::workers::Worker;

use crate::Problem;

/// Who asks, after proving it.
#[derive(Debug, Clone)]
pub enum Principal {
    /// Nobody in particular.
    Anonymous,
    /// Has the operator key.
    Operator,
    /// Has an API key.
    Service {
        /// Which one.
        key_id: String,
        /// What it may do.
        scopes: Vec<Scope>,
        /// For whom.
        reach: Reach,
    },
    /// Has a worker's token.
    Worker(Box<Worker>),
    /// Has a bot's webhook secret.
    Bot(Box<IngressBot>),
    /// Has the tick key.
    Tick,
    /// Has a signed link to a file.
    FileLink(Box<Link>),
}

impl Principal {
    /// For whom it may act, if not for everybody.
    pub fn limit(&self) -> Option<&Reach> {
        match self {
            Self::Service { reach, .. } if !reach.is_whole() => Some(reach),
            _ => None,
        }
    }

    /// Whether it may act for a user and an agent.
    pub fn reaches(&self, agent_key: &str, consumer_user_id: &str) -> bool {
        self.limit().is_none_or(|reach| reach.has_agent(agent_key) && reach.has_user(consumer_user_id))
    }

    /// Whether it may say whose an account is, without the account having proved it: the operator, and a consumer app that acts
    /// for all its users. A key that is handed to one user must not claim somebody else's account for him.
    pub fn may_claim_accounts(&self) -> bool {
        self.limit().is_none_or(|reach| reach.users.is_none())
    }

    /// Whose things a request is about that names a company, or none: a key of one company need not name it. For who is not
    /// limited, no company means those that belong to nobody.
    ///
    /// # Errors
    /// When a key of several companies must say which one.
    pub fn company(&self, named: Option<String>) -> Result<Option<String>, Problem> {
        match self.limit().and_then(|reach| reach.companies.as_deref()) {
            _ if named.is_some() => Ok(named),
            None => Ok(None),
            Some([only]) => Ok(Some(only.clone())),
            Some(_) => Err(Problem::field("missing_field", "company_id", "the key is for several companies")),
        }
    }

    /// The companies whose things it sees in a list, `""` standing for nobody; `None` for those of all.
    pub fn companies(&self) -> Option<Vec<String>> {
        self.limit().map(|reach| reach.companies.clone().unwrap_or_else(|| vec![String::new()]))
    }

    /// As it stands in the log's `actor`.
    pub fn actor(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::Operator => "operator".to_owned(),
            Self::Service { key_id, .. } => format!("service:{key_id}"),
            Self::Worker(worker) => format!("worker:{}", worker.worker_id),
            Self::Bot(bot) => format!("bot:{}", bot.bot_id),
            Self::Tick => "tick".to_owned(),
            Self::FileLink(link) => format!("file:{}", link.file_id),
        }
    }
}
