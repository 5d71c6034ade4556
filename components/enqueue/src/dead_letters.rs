//! Messages that were given up.

use clawstead_operations::queue::{self, MANY_MAX, Which};
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use serde::Deserialize;
use serde_json::json;

pub(crate) async fn list(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["agent_key", "after", "limit"])?;
    let (agent_key, after) = (query.text("agent_key"), query.text("after").unwrap_or_default());
    let found = queue::dead_letters(&app.cx(call), agent_key.as_deref(), &after, query.limit()?).await?;
    let next_after = found.last().map(|message| message.message_id.clone());
    Ok(Reply::ok(&json!({ "messages": found, "next_after": next_after })))
}

pub(crate) async fn replay(app: &App, call: &Call) -> Result<Reply, Problem> {
    queue::replay(&app.cx(call), call.param("message_id")).await?;
    crate::messages::show(app, call).await
}

pub(crate) async fn discard(app: &App, call: &Call) -> Result<Reply, Problem> {
    queue::discard(&app.cx(call), call.param("message_id")).await?;
    crate::messages::show(app, call).await
}

pub(crate) async fn replay_many(app: &App, call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(&queue::replay_many(&app.cx(call), &which(call)?).await?))
}

pub(crate) async fn discard_many(app: &App, call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(&queue::discard_many(&app.cx(call), &which(call)?).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Many {
    agent_key: Option<String>,
    message_ids: Option<Vec<String>>,
    limit: Option<i64>,
}

/// Either ids, or the oldest ones of an agent or of all.
fn which(call: &Call) -> Result<Which, Problem> {
    let Many { agent_key, message_ids, limit } = call.json()?;
    let limit_max = MANY_MAX as i64;
    let limit = limit.unwrap_or(limit_max);
    if !(1..=limit_max).contains(&limit) {
        return Err(Problem::field("invalid_field", "limit", format!("must be from 1 to {limit_max}")));
    }
    match message_ids {
        Some(_) if agent_key.is_some() => Err(Problem::field("invalid_field", "agent_key", "goes without message_ids only")),
        Some(message_ids) => Ok(Which::Ids(message_ids)),
        None => Ok(Which::Oldest { agent_key, limit }),
    }
}
