//! Agent profiles.

use clawstead_domain::agent::{BridgeChange, Configure};
use clawstead_operations::agents;
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    version: Option<String>,
    enabled: Option<bool>,
    bridge: Option<BridgeChange>,
}

pub(crate) async fn configure(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Change { version, enabled, bridge } = call.json()?;
    let change = Configure { version, enabled, bridge };
    let agent = agents::configure(&app.cx(call), call.param("agent_key"), &change).await?;
    Ok(Reply::ok(&agent))
}

pub(crate) async fn show(app: &App, call: &Call) -> Result<Reply, Problem> {
    let agent = agents::find(&app.cx(call), call.param("agent_key")).await?;
    let agent = agent.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "agent_not_found", "there is no such agent"))?;
    Ok(Reply::ok(&agent))
}

pub(crate) async fn list(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["after", "limit"])?;
    let agents = agents::list(&app.cx(call), &query.text("after").unwrap_or_default(), query.limit()?).await?;
    let next_after = agents.last().map(|agent| agent.agent_key.clone());
    Ok(Reply::ok(&json!({ "agents": agents, "next_after": next_after })))
}
