//! Conversations.

use clawstead_domain::conversation::Status;
use clawstead_operations::queue::{self, MessageItem, Page};
use clawstead_operations::snapshots;
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use serde_json::{Value, json};

pub(crate) async fn show(app: &App, call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(&queue::conversation(&app.cx(call), call.param("conversation_id")).await?))
}

pub(crate) async fn messages(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["status", "after", "limit"])?;
    let (after, limit) = (query.integer("after", 0, 0, i64::MAX)?, query.limit()?);
    let status = query.text("status").map(|word| status_of(&word)).transpose()?;
    let statuses = status.as_ref().map(std::slice::from_ref);
    let found = queue::messages(&app.cx(call), call.param("conversation_id"), statuses, Page::After(after), limit).await?;
    let next_after = found.last().map_or(after, |item| item.seq);
    let shown: Vec<Value> = found.iter().map(item).collect();
    Ok(Reply::ok(&json!({ "messages": shown, "next_after": next_after })))
}

fn status_of(word: &str) -> Result<Status, Problem> {
    let words = Status::ALL.map(Status::as_str).join(", ");
    Status::parse(word).ok_or_else(|| Problem::field("invalid_field", "status", format!("must be one of {words}")))
}

fn item(item: &MessageItem) -> Value {
    let mut shown = json!(item.view);
    shown["seq"] = json!(item.seq);
    for name in ["provider_user_id", "text", "metadata"] {
        shown[name] = item.message[name].clone();
    }
    shown
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
