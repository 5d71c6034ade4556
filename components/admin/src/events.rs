//! The log, and making the views anew from it.

use clawstead_domain::id;
use clawstead_ledger::{Page, RebuildError, TailQuery};
use clawstead_operations::app_events;
use clawstead_service::spin::{App, entropy};
use clawstead_service::{Call, Principal, Problem, Reply};
use http::StatusCode;
use serde_json::json;

/// Events replayed by one statement: other writers wait for it, some tens of milliseconds.
const REBUILD_CHUNK: i64 = 1_000;

/// Events read at once.
const PART: i64 = 20;

/// A page that has so many bytes of data is not gone on with.
const PAGE_BYTES: usize = 4 << 20;

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
    let page = bounded(app, tail).await?;
    Ok(Reply::ok(&json!({ "events": page.events, "next_after": page.next_after, "has_more": page.has_more })))
}

/// An event may hold all files of a skill, and an instance has bounded memory. So a page is read in parts, and one of large events ends
/// before it is full, with `has_more`.
async fn bounded(app: &App, tail: TailQuery) -> Result<Page, Problem> {
    let mut page = Page { events: Vec::new(), next_after: tail.after, has_more: true };
    let mut bytes = 0;
    while page.has_more && bytes < PAGE_BYTES {
        let left = tail.limit - page.events.len() as i64;
        if left == 0 {
            break;
        }
        let part = TailQuery { after: page.next_after, limit: left.min(PART), ..tail.clone() };
        let part = app.ledger.tail(&part).await?;
        bytes += part.events.iter().map(|event| event.data.to_string().len()).sum::<usize>();
        (page.next_after, page.has_more) = (part.next_after, part.has_more);
        page.events.extend(part.events);
    }
    Ok(page)
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
