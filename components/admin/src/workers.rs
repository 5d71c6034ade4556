//! Workers.

use clawstead_operations::workers;
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Register {
    name: Option<String>,
}

pub(crate) async fn register(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Register { name } = call.json()?;
    let worker = workers::register(&app.cx(call), name).await?;
    let base_url = format!("{}/worker/{}", app.settings.public_url, worker.token);
    let body = json!({ "worker_id": worker.worker_id, "token": worker.token, "base_url": base_url });
    Ok(Reply::json(StatusCode::CREATED, &body))
}

pub(crate) async fn list(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["after", "limit"])?;
    let workers = workers::list(&app.cx(call), &query.text("after").unwrap_or_default(), query.limit()?).await?;
    let next_after = workers.last().map(|worker| worker.worker_id.clone());
    Ok(Reply::ok(&json!({ "workers": workers, "next_after": next_after })))
}
