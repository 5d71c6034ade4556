//! Conversations.

use clawstead_operations::{queue, snapshots};
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use serde_json::json;

pub(crate) async fn show(app: &App, call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(&queue::conversation(&app.cx(call), call.param("conversation_id")).await?))
}

pub(crate) async fn turns(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["after", "limit"])?;
    let (after, limit) = (query.integer("after", 0, 0, i64::MAX)?, query.limit()?);
    let turns = queue::turns(&app.cx(call), call.param("conversation_id"), after, limit).await?;
    let next_after = turns.last().map_or(after, |turn| turn.turn_no);
    Ok(Reply::ok(&json!({ "turns": turns, "next_after": next_after })))
}

pub(crate) async fn snapshots(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["before", "limit"])?;
    let (before, limit) = (query.integer("before", i64::MAX, 1, i64::MAX)?, query.limit()?);
    let listed = snapshots::list(&app.cx(call), call.param("conversation_id"), before, limit).await?;
    let next_before = listed.last().map(|snapshot| snapshot.position);
    Ok(Reply::ok(&json!({ "snapshots": listed, "next_before": next_before })))
}
