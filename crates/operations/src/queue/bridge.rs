//! The bridge of an agent, resolved: profile first, then the agent's secret, then the global one. Blank is absent.

use clawstead_domain::agent::{Agent, Bridge};
use clawstead_ledger::Engine;
use clawstead_vault::{KeyRing, Secret};

use crate::{Cx, OperationError, secrets};

/// What a worker needs to call the app, as far as it is known (queue-worker.md section 8.2).
#[derive(Debug, Default)]
pub struct BridgeRuntime {
    /// Where the app is.
    pub base_url: Option<String>,
    /// As what the agent calls.
    pub service_id: Option<String>,
    /// Which app it calls.
    pub app_key: Option<String>,
    /// Its credential.
    pub service_key: Option<Secret<String>>,
    /// The secret that the credential is from.
    pub service_key_ref: Option<String>,
    /// JSON object from app key to base URL, as it was imported.
    pub base_url_map: Option<String>,
    /// The agent's bot.
    pub bot_id: Option<String>,
}

/// Resolves the bridge of an agent; `None` when it has none, or it is off.
///
/// # Errors
/// When a secret cannot be opened with these keys.
pub async fn resolve_bridge<E: Engine>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    agent: &Agent,
    bot_id: Option<String>,
) -> Result<Option<BridgeRuntime>, OperationError> {
    let Some(bridge) = agent.bridge.as_ref().filter(|bridge| bridge.enabled) else {
        return Ok(None);
    };
    let lookup = Lookup { cx, keys, agent_key: &agent.agent_key };
    let Bridge { base_url, service_id, app_key, service_key_ref, base_url_map_ref, .. } = bridge;
    let service_key = lookup.secret("serviceKey", service_key_ref.as_deref()).await?;
    let base_url_map = lookup.secret("baseUrlMapJson", base_url_map_ref.as_deref()).await?;
    let (service_key_ref, service_key) = service_key.unzip();
    Ok(Some(BridgeRuntime {
        base_url: lookup.value("baseUrl", base_url.as_deref()).await?,
        service_id: lookup.value("serviceId", service_id.as_deref()).await?,
        app_key: lookup.value("appKey", app_key.as_deref()).await?,
        service_key,
        service_key_ref,
        base_url_map: base_url_map.map(|(_, map)| map.expose().clone()),
        bot_id,
    }))
}

/// The secret that an agent's app and its worker know each other by, for an agent whose bridge is on: the agent's own, else the
/// global one. It goes to machines only, not to hydration (queue-worker.md section 8.4).
///
/// # Errors
/// When a secret cannot be opened with these keys.
pub async fn linking_secret<E: Engine>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    agent: &Agent,
) -> Result<Option<Secret<String>>, OperationError> {
    if !agent.bridge.as_ref().is_some_and(|bridge| bridge.enabled) {
        return Ok(None);
    }
    let lookup = Lookup { cx, keys, agent_key: &agent.agent_key };
    Ok(lookup.secret("linkingSharedSecret", None).await?.map(|(_, secret)| secret))
}

struct Lookup<'a, E> {
    cx: &'a Cx<'a, E>,
    keys: &'a KeyRing,
    agent_key: &'a str,
}

impl<E: Engine> Lookup<'_, E> {
    /// A value of the profile, else of a secret.
    async fn value(&self, name: &str, of_profile: Option<&str>) -> Result<Option<String>, OperationError> {
        if let Some(value) = of_profile.map(str::trim).filter(|value| !value.is_empty()) {
            return Ok(Some(value.to_owned()));
        }
        Ok(self.secret(name, None).await?.map(|(_, value)| value.expose().trim().to_owned()))
    }

    /// The first secret that has a value: the one the profile names, the agent's, the global one. With its ref.
    async fn secret(&self, name: &str, of_profile: Option<&str>) -> Result<Option<(String, Secret<String>)>, OperationError> {
        let of_agent = format!("agent-bridge.{name}.{}", self.agent_key);
        let global = format!("agent-bridge.{name}");
        let named = of_profile.map(str::trim).filter(|secret_ref| !secret_ref.is_empty());
        for secret_ref in named.into_iter().chain([of_agent.as_str(), &global]) {
            let found = secrets::open(self.cx, self.keys, secret_ref).await?;
            if let Some(value) = found.filter(|value| !value.expose().trim().is_empty()) {
                return Ok(Some((secret_ref.to_owned(), value)));
            }
        }
        Ok(None)
    }
}
