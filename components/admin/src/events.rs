//! The log, and making the views anew from it.

use clawstead_domain::id;
use clawstead_ledger::{RebuildError, TailQuery};
use clawstead_operations::app_events;
use clawstead_service::spin::{App, entropy};
use clawstead_service::{Call, Principal, Problem, Reply};
use http::StatusCode;
use serde_json::json;

/// Events replayed by one statement: other writers wait for it, some tens of milliseconds.
const REBUILD_CHUNK: i64 = 1_000;

/// The operator sees the log, and a consumer app what it may follow of it.
pub(crate) async fn list(app: &App, call: &Call) -> Result<Reply, Problem> {
    if let Principal::Service { reach, .. } = &call.principal {
        let query = call.query(&["after", "limit"])?;
        let after = query.integer("after", 0, 0, i64::MAX)?;
        return Ok(Reply::ok(&app_events::after(&app.cx(call), reach, after, query.limit()?).await?));
    }
    let query = call.query(&["after", "limit", "stream", "type"])?;
    let after = query.integer("after", 0, 0, i64::MAX)?;
    let tail = TailQuery { after, limit: query.limit()?, stream: query.text("stream"), event_type: query.text("type") };
    let page = app.ledger.tail(&tail).await?;
    Ok(Reply::ok(&json!({ "events": page.events, "next_after": page.next_after, "has_more": page.has_more })))
}

pub(crate) async fn rebuild(app: &App, call: &Call) -> Result<Reply, Problem> {
    let mut random = [0; 10];
    entropy(&mut random);
    let holder = id::time_sorted(call.now, random);
    match app.ledger.rebuild(&holder, call.now, REBUILD_CHUNK, |_| ()).await {
        Ok(done) => Ok(Reply::ok(&json!({ "events": done.events, "chunks": done.chunks }))),
        Err(RebuildError::Running) => Err(Problem::new(StatusCode::CONFLICT, "rebuild_running", "another rebuild is running")),
        Err(error @ RebuildError::Engine { .. }) => Err(Problem::internal(error.to_string())),
    }
}
