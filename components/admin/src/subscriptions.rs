//! Consumer apps that are told what happens.

use clawstead_domain::api_key::Reach;
use clawstead_operations::subscriptions::{self, Addresses};
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    url: String,
    agents: Option<Vec<String>>,
    users: Option<Vec<String>>,
    after: Option<i64>,
}

pub(crate) async fn create(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Create { url, agents, users, after } = call.json()?;
    let addresses = Addresses::parse(&app.settings.app_webhook_host);
    let reach = Reach { agents, users, companies: None };
    let made = subscriptions::make(&app.cx(call), app.settings.keys()?, &addresses, &url, reach, after).await?;
    Ok(Reply::json(StatusCode::CREATED, &made))
}

pub(crate) async fn list(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["after", "limit"])?;
    let listed = subscriptions::list(&app.cx(call), &query.text("after").unwrap_or_default(), query.limit()?).await?;
    let next_after = listed.last().map(|subscription| subscription.subscription_id.clone());
    Ok(Reply::ok(&json!({ "subscriptions": listed, "next_after": next_after })))
}

pub(crate) async fn show(app: &App, call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(&subscriptions::get(&app.cx(call), call.param("subscription_id")).await?))
}

pub(crate) async fn end(app: &App, call: &Call) -> Result<Reply, Problem> {
    subscriptions::end(&app.cx(call), call.param("subscription_id")).await?;
    Ok(Reply::empty())
}

pub(crate) async fn dead(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["after", "limit"])?;
    let (after, limit) = (query.text("after").unwrap_or_default(), query.limit()?);
    let dead = subscriptions::dead_deliveries(&app.cx(call), call.param("subscription_id"), &after, limit).await?;
    let next_after = dead.last().map(|delivery| delivery.delivery_id.clone());
    Ok(Reply::ok(&json!({ "dead_deliveries": dead, "next_after": next_after })))
}

pub(crate) async fn replay(app: &App, call: &Call) -> Result<Reply, Problem> {
    subscriptions::replay(&app.cx(call), call.param("subscription_id"), call.param("delivery_id")).await?;
    Ok(Reply::empty())
}
