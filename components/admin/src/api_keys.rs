//! Keys of consumer apps.

use clawstead_domain::api_key::{Reach, Scope};
use clawstead_operations::api_keys;
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    name: String,
    scopes: Vec<Scope>,
    agents: Option<Vec<String>>,
    users: Option<Vec<String>>,
    companies: Option<Vec<String>>,
}

pub(crate) async fn create(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Create { name, scopes, agents, users, companies } = call.json()?;
    let key = api_keys::create(&app.cx(call), &name, scopes, Reach { agents, users, companies }).await?;
    Ok(Reply::json(StatusCode::CREATED, &key))
}

pub(crate) async fn list(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["after", "limit"])?;
    let keys = api_keys::list(&app.cx(call), &query.text("after").unwrap_or_default(), query.limit()?).await?;
    let next_after = keys.last().map(|key| key.key_id.clone());
    Ok(Reply::ok(&json!({ "api_keys": keys, "next_after": next_after })))
}

pub(crate) async fn revoke(app: &App, call: &Call) -> Result<Reply, Problem> {
    api_keys::revoke(&app.cx(call), call.param("key_id")).await?;
    Ok(Reply::empty())
}
