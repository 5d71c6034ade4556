//! The environment that the existing worker reads.

use std::collections::BTreeMap;
use std::time::Duration;

/// Its settings, with the existing worker's defaults.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) base_url: String,
    pub(crate) worker_id: String,
    pub(crate) workspace_id: String,
    pub(crate) idle_timeout: Duration,
    pub(crate) poll_interval: Duration,
    pub(crate) heartbeat_interval: Duration,
    pub(crate) http_timeout: Duration,
    pub(crate) agent_key: Option<String>,
    pub(crate) conversation_id: Option<String>,
    pub(crate) namespace: String,
    pub(crate) skills_from_manifest: bool,
    pub(crate) skills_required: bool,
    pub(crate) release_channel: String,
    pub(crate) telegram_api_url: String,
}

impl Config {
    pub(crate) fn from_env(env: &BTreeMap<String, String>) -> Result<Config, String> {
        let text = |name: &str| env.get(name).filter(|value| !value.is_empty()).cloned();
        let required = |name: &str| text(name).ok_or_else(|| format!("{name} is not set"));
        let millis = |name: &str, default: u64| {
            let given = text(name).and_then(|value| value.parse().ok());
            Duration::from_millis(given.unwrap_or(default))
        };
        let agent_key = text("OPENCLAW_AGENT_KEY");
        let conversation_id = text("OPENCLAW_CONVERSATION_ID");
        if agent_key.is_some() != conversation_id.is_some() {
            let both = "OPENCLAW_AGENT_KEY and OPENCLAW_CONVERSATION_ID go together";
            return Err(both.to_owned());
        }
        Ok(Config {
            base_url: required("CONVEX_URL")?,
            worker_id: required("WORKER_ID")?,
            workspace_id: text("WORKSPACE_ID").unwrap_or_else(|| "default".to_owned()),
            idle_timeout: millis("WORKER_IDLE_TIMEOUT_MS", 1_800_000),
            poll_interval: millis("POLL_INTERVAL_MS", 2_000),
            heartbeat_interval: millis("HEARTBEAT_INTERVAL_MS", 10_000),
            http_timeout: millis("CONVEX_HTTP_TIMEOUT_MS", 20_000),
            agent_key,
            conversation_id,
            namespace: text("AGENT_FACTORY_FUNCTION_NAMESPACE").unwrap_or_else(|| "agentFactory".to_owned()),
            skills_from_manifest: text("SKILLS_BOOTSTRAP_MODE").as_deref() == Some("db_manifest"),
            skills_required: text("SKILLS_BOOTSTRAP_REQUIRED").as_deref() == Some("true"),
            release_channel: text("SKILLS_RELEASE_CHANNEL").unwrap_or_else(|| "stable".to_owned()),
            telegram_api_url: text("TELEGRAM_API_URL").unwrap_or_else(|| "https://api.telegram.org".to_owned()),
        })
    }
}
