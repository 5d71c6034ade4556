//! Agent profiles.

use clawstead_domain::agent::{BridgeChange, Configure};
use clawstead_operations::{agents, users};
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use serde::{Deserialize, Deserializer};
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    version: Option<String>,
    enabled: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    bridge: Option<Option<BridgeChange>>,
    #[serde(default, deserialize_with = "present")]
    secret_refs: Option<Option<Vec<String>>>,
}

/// What is left out stays; `null` takes it away.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}

pub(crate) async fn configure(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Change { version, enabled, bridge, secret_refs } = call.json()?;
    let change = Configure { version, enabled, bridge, secret_refs: secret_refs.map(Option::unwrap_or_default) };
    let agent = agents::configure(&app.cx(call), call.param("agent_key"), &change).await?;
    Ok(Reply::ok(&agent))
}

/// Switches an agent on or off that is there.
pub(crate) async fn switch(app: &App, call: &Call, enabled: bool) -> Result<Reply, Problem> {
    let cx = app.cx(call);
    let agent_key = call.param("agent_key");
    agents::get(&cx, agent_key).await?;
    let change = Configure { enabled: Some(enabled), ..Configure::default() };
    Ok(Reply::ok(&agents::configure(&cx, agent_key, &change).await?))
}

pub(crate) async fn show(app: &App, call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(&agents::get(&app.cx(call), call.param("agent_key")).await?))
}

pub(crate) async fn list(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["after", "limit"])?;
    let agents = agents::list(&app.cx(call), &query.text("after").unwrap_or_default(), query.limit()?).await?;
    let next_after = agents.last().map(|agent| agent.agent_key.clone());
    Ok(Reply::ok(&json!({ "agents": agents, "next_after": next_after })))
}

pub(crate) async fn required_secrets(app: &App, call: &Call) -> Result<Reply, Problem> {
    let secret_refs = users::required_secrets(&app.cx(call), Some(call.param("agent_key"))).await?;
    Ok(Reply::ok(&json!({ "agent_key": call.param("agent_key"), "secret_refs": secret_refs })))
}

pub(crate) async fn readiness(app: &App, call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(&users::agent_readiness(&app.cx(call), call.param("agent_key")).await?))
}

pub(crate) async fn provider_readiness(app: &App, call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(&users::provider_readiness(&app.cx(call)).await?))
}
