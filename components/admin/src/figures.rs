//! Figures, and what things cost.

use clawstead_operations::{money, stats};
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use serde_json::json;

pub(crate) async fn stats(app: &App, call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(&stats::read(&app.cx(call)).await?))
}

pub(crate) async fn costs(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["from", "after", "limit"])?;
    let (from, after) = (query.text("from"), query.text("after"));
    Ok(Reply::ok(&money::days(&app.cx(call), from.as_deref(), after.as_deref(), query.limit()?).await?))
}

pub(crate) async fn message_costs(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["after", "limit"])?;
    let costs = money::messages(&app.cx(call), &query.text("after").unwrap_or_default(), query.limit()?).await?;
    let next_after = costs.last().map(|cost| cost.message_id.clone());
    Ok(Reply::ok(&json!({ "costs": costs, "next_after": next_after })))
}
