//! Secrets, never their values.

use clawstead_operations::secrets;
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Import {
    value: String,
}

pub(crate) async fn import(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Import { value } = call.json()?;
    let secret_ref = call.param("secret_ref");
    let imported = secrets::import(&app.cx(call), app.settings.keys()?, secret_ref, &value).await?;
    let status = if imported.version == 1 { StatusCode::CREATED } else { StatusCode::OK };
    Ok(Reply::json(status, &json!({ "secret_ref": secret_ref, "version": imported.version })))
}

pub(crate) async fn show(app: &App, call: &Call) -> Result<Reply, Problem> {
    let found = secrets::status(&app.cx(call), &[call.param("secret_ref").to_owned()]).await?;
    Ok(Reply::ok(&found.first()))
}

pub(crate) async fn list(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["after", "limit"])?;
    let secrets = secrets::list(&app.cx(call), &query.text("after").unwrap_or_default(), query.limit()?).await?;
    let next_after = secrets.last().map(|secret| secret.secret_ref.clone());
    Ok(Reply::ok(&json!({ "secrets": secrets, "next_after": next_after })))
}

pub(crate) async fn destroy(app: &App, call: &Call) -> Result<Reply, Problem> {
    secrets::destroy(&app.cx(call), call.param("secret_ref")).await?;
    Ok(Reply::empty())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reseal {
    #[serde(default)]
    after: String,
    limit: Option<i64>,
}

/// Versions looked at by one step when nobody says.
const STEP: i64 = 200;
/// Versions looked at by one step at most.
const STEP_MAX: i64 = 1_000;

pub(crate) async fn reseal(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Reseal { after, limit } = call.json()?;
    let limit = limit.unwrap_or(STEP);
    if !(1..=STEP_MAX).contains(&limit) {
        return Err(Problem::field("invalid_field", "limit", format!("must be a whole number from 1 to {STEP_MAX}")));
    }
    Ok(Reply::ok(&secrets::reseal(&app.cx(call), app.settings.keys()?, &after, limit).await?))
}
