//! What updates came to, and how the outbox stands.

use clawstead_operations::{ingress, outbox};
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use serde_json::json;

pub(crate) async fn stats(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["after", "limit"])?;
    let cx = app.cx(call);
    let updates = ingress::counts(&cx, &query.text("after").unwrap_or_default(), query.limit()?).await?;
    let next_after = updates.last().map(|count| count.bot_id.clone());
    Ok(Reply::ok(&json!({ "updates": updates, "next_after": next_after, "outbox": outbox::stats(&cx).await? })))
}
