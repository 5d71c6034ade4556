//! Who asks.

use clawstead_domain::api_key::Scope;
use clawstead_operations::files::Link;
use clawstead_operations::ingress::IngressBot;
use clawstead_operations::workers::Worker;

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
