//! Whether clawstead works.

use clawstead_operations::tick;
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use serde_json::json;

/// Without a tick for so long, nothing that waits is looked at.
const TICK_OVERDUE_MS: i64 = 60_000;

pub(crate) async fn show(app: &App, call: &Call) -> Result<Reply, Problem> {
    let position = app.ledger.head().await?;
    let schema_version = app.ledger.schema_version().await;
    let last_tick = tick::last_run(&app.cx(call)).await?;
    let age_ms = last_tick.map(|at| call.now - at);
    let overdue = age_ms.is_none_or(|age| age > TICK_OVERDUE_MS);
    Ok(Reply::ok(&json!({
        "status": if overdue { "degraded" } else { "ok" },
        "position": position,
        "schema_version": schema_version,
        "last_tick": { "at": last_tick, "age_ms": age_ms, "overdue": overdue },
    })))
}
