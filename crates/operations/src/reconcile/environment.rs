//! The environment that a worker's machine gets (scheduler-fly.md section 6.3).

use std::collections::BTreeMap;

use clawstead_domain::config::{ProviderPolicy, ScalingPolicy};
use clawstead_vault::Secret;

use crate::provider::Environment;
use crate::queue::BridgeRuntime;

/// Who the worker is, and where it reaches us.
pub(super) struct Identity<'a> {
    pub(super) worker_id: &'a str,
    pub(super) base_url: &'a str,
    /// Agent and conversation that it is meant for: both or none, or the worker does not start.
    pub(super) assignment: Option<(&'a str, &'a str)>,
    /// How that agent reaches its app: the same as at hydration.
    pub(super) bridge: Option<&'a BridgeRuntime>,
    /// What that app and the worker know each other by.
    pub(super) linking_secret: Option<&'a Secret<String>>,
}

/// What existing worker images expect. The operator's values win over the preset, and what makes the worker this worker
/// wins over the operator's.
pub(super) fn environment(identity: &Identity<'_>, provider: &ProviderPolicy, scaling: &ScalingPolicy) -> Environment {
    let mut variables = preset(&provider.volume_path);
    let mut set = |name: &str, value: &str| drop(variables.insert(name.to_owned(), value.to_owned()));
    set("WORKSPACE_ID", "default");
    set("WORKER_IDLE_TIMEOUT_MS", &scaling.idle_timeout_ms.to_string());
    for (name, value) in &provider.environment {
        set(name, value);
    }
    set("CONVEX_URL", identity.base_url);
    set("WORKER_ID", identity.worker_id);
    set("AGENT_FACTORY_WORKER_ID", identity.worker_id);
    if let Some((agent_key, conversation_id)) = identity.assignment {
        set("OPENCLAW_AGENT_KEY", agent_key);
        set("OPENCLAW_CONVERSATION_ID", conversation_id);
    }
    if let Some(bridge) = identity.bridge {
        variables.extend(bridged(bridge));
    }
    if let Some(secret) = identity.linking_secret {
        variables.insert("OPENCLAW_LINKING_SHARED_SECRET".to_owned(), secret.expose().trim().to_owned());
    }
    variables.retain(|_, value| !value.trim().is_empty());
    Environment(variables)
}

/// The names that existing workers look for (queue-worker.md sections 8.3 and 8.4).
fn bridged(bridge: &BridgeRuntime) -> impl Iterator<Item = (String, String)> {
    let values = [
        ("OPENCLAW_SERVICE_ID", bridge.service_id.as_ref()),
        ("OPENCLAW_SERVICE_KEY", bridge.service_key.as_ref().map(Secret::expose)),
        ("OPENCLAW_AGENT_BRIDGE_BASE_URL", bridge.base_url.as_ref()),
        ("OPENCLAW_AGENT_APP", bridge.app_key.as_ref()),
    ];
    values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.trim().to_owned())))
}

fn preset(volume_path: &str) -> BTreeMap<String, String> {
    let data = volume_path.trim_end_matches('/');
    let fixed = [
        ("NODE_ENV", "production"),
        ("OPENCLAW_GATEWAY_HOST", "127.0.0.1"),
        ("OPENCLAW_GATEWAY_PORT", "18789"),
        ("OPENCLAW_GATEWAY_URL", "http://127.0.0.1:18789"),
        ("OPENCLAW_REQUIRE_DATA_MOUNT", "true"),
        ("OPENCLAW_RUN_SETUP", "false"),
        ("OPENCLAW_SETUP_TIMEOUT_MS", "90000"),
        ("OPENCLAW_GATEWAY_COMMAND", "node /app/openclaw.mjs gateway"),
        ("OPENCLAW_GATEWAY_READY_TIMEOUT_MS", "60000"),
        ("OPENCLAW_GATEWAY_READY_POLL_MS", "500"),
        ("OPENCLAW_GATEWAY_READY_REQUIRED", "true"),
        ("SKILLS_BOOTSTRAP_MODE", "db_manifest"),
        ("SKILLS_BOOTSTRAP_REQUIRED", "false"),
        ("SKILLS_BOOTSTRAP_TIMEOUT_MS", "15000"),
        ("SKILLS_RELEASE_CHANNEL", "stable"),
    ];
    let on_the_volume = [
        ("OPENCLAW_STATE_DIR", ".clawdbot"),
        ("OPENCLAW_CONFIG_PATH", ".clawdbot/openclaw.json"),
        ("OPENCLAW_WORKSPACE_DIR", "workspace"),
        ("OPENCLAW_SKILLS_DIR", "workspace/skills"),
    ];
    let fixed = fixed.map(|(name, value)| (name.to_owned(), value.to_owned()));
    fixed.into_iter().chain(on_the_volume.map(|(name, path)| (name.to_owned(), format!("{data}/{path}")))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(assignment: Option<(&str, &str)>, operators: &[(&str, &str)]) -> BTreeMap<String, String> {
        let environment_of_operator = operators.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let provider = ProviderPolicy { environment: environment_of_operator, ..ProviderPolicy::default() };
        let identity =
            Identity { worker_id: "w1", base_url: "https://claw.test/worker/t", assignment, bridge: None, linking_secret: None };
        environment(&identity, &provider, &ScalingPolicy::default()).0
    }

    #[test]
    fn a_worker_gets_the_preset_of_existing_images_and_its_identity() {
        let variables = of(Some(("helper", "c1")), &[]);
        for (name, value) in [
            ("CONVEX_URL", "https://claw.test/worker/t"),
            ("WORKER_ID", "w1"),
            ("WORKSPACE_ID", "default"),
            ("WORKER_IDLE_TIMEOUT_MS", "1800000"),
            ("OPENCLAW_AGENT_KEY", "helper"),
            ("OPENCLAW_CONVERSATION_ID", "c1"),
            ("OPENCLAW_STATE_DIR", "/data/.clawdbot"),
            ("OPENCLAW_CONFIG_PATH", "/data/.clawdbot/openclaw.json"),
        ] {
            assert_eq!(variables.get(name).map(String::as_str), Some(value), "{name}");
        }
    }

    #[test]
    fn the_operator_adds_and_changes_and_blanks_but_cannot_make_it_another_worker() {
        let operators = [("MODEL", "m1"), ("WORKER_ID", "w2"), ("SKILLS_RELEASE_CHANNEL", "beta"), ("NODE_ENV", " ")];
        let variables = of(None, &operators);
        assert_eq!(variables["MODEL"], "m1");
        assert_eq!(variables["WORKER_ID"], "w1");
        assert_eq!(variables["SKILLS_RELEASE_CHANNEL"], "beta");
        assert!(!variables.contains_key("NODE_ENV"));
        assert!(!variables.contains_key("OPENCLAW_AGENT_KEY"));
        assert!(!variables.contains_key("OPENCLAW_CONVERSATION_ID"));
    }
}
