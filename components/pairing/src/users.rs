//! Users and their agents.

use clawstead_domain::text;
use clawstead_operations::{push, snapshots, users};
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use http::StatusCode;
use serde_json::json;

pub(crate) async fn list(app: &App, call: &Call) -> Result<Reply, Problem> {
    let mut overview = users::overview(&app.cx(call), user(call)?).await?;
    let sees = |agent_key: &str| call.principal.limit().is_none_or(|reach| reach.has_agent(agent_key));
    overview.agents.retain(|agent| sees(&agent.agent_key));
    overview.active_agent_key = overview.active_agent_key.filter(|agent_key| sees(agent_key));
    Ok(Reply::ok(&overview))
}

pub(crate) async fn show(app: &App, call: &Call) -> Result<Reply, Problem> {
    let found = users::agent_of(&app.cx(call), user(call)?, call.param("agent_key")).await?;
    let unknown = || Problem::new(StatusCode::NOT_FOUND, "user_agent_not_found", "the user never had to do with the agent");
    Ok(Reply::ok(&found.ok_or_else(unknown)?))
}

pub(crate) async fn onboarding(app: &App, call: &Call) -> Result<Reply, Problem> {
    let keys = app.settings.keys()?;
    Ok(Reply::ok(&users::onboarding(&app.cx(call), keys, user(call)?, call.param("agent_key")).await?))
}

pub(crate) async fn stats(app: &App, call: &Call) -> Result<Reply, Problem> {
    let (cx, user, agent_key) = (app.cx(call), user(call)?, call.param("agent_key"));
    let conversation = users::conversation_stats(&cx, user, agent_key).await?;
    let pushes = push::push_stats(&cx, user, agent_key, &call.principal.companies()).await?;
    Ok(Reply::ok(&json!({ "conversation": conversation, "pushes": pushes })))
}

pub(crate) async fn snapshots(app: &App, call: &Call) -> Result<Reply, Problem> {
    let limit = call.query(&["limit"])?.limit()?;
    let found = snapshots::list_of_user_agent(&app.cx(call), user(call)?, call.param("agent_key"), limit).await?;
    Ok(Reply::ok(&json!({ "snapshots": found })))
}

fn user(call: &Call) -> Result<&str, Problem> {
    let user = call.param("consumer_user_id");
    text::check_id("consumer_user_id", user)?;
    Ok(user)
}
