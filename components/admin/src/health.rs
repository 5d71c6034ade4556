//! Whether clawstead works.

use std::collections::BTreeMap;

use clawstead_operations::tick::{self, LastRun};
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use serde_json::{Value, json};

/// Without a tick for so long, nothing that waits is looked at.
const TICK_OVERDUE_MS: i64 = 60_000;

pub(crate) async fn show(app: &App, call: &Call) -> Result<Reply, Problem> {
    let position = app.ledger.head().await?;
    let schema_version = app.ledger.schema_version().await;
    let work = tick::last_run(&app.cx(call)).await?;
    let last_tick = work.get("leases").map(|run| run.ran_at);
    let age_ms = last_tick.map(|at| call.now - at);
    let overdue = age_ms.is_none_or(|age| age > TICK_OVERDUE_MS);
    let failing = work.values().any(|run| run.last_error.is_some());
    Ok(Reply::ok(&json!({
        "status": if overdue || failing { "degraded" } else { "ok" },
        "position": position,
        "schema_version": schema_version,
        "last_tick": { "at": last_tick, "age_ms": age_ms, "overdue": overdue },
        "work": shown(&work),
    })))
}

/// Anybody may read this, so it says that something fails and not how: the error is in the log and in the tick's answer.
fn shown(work: &BTreeMap<String, LastRun>) -> Value {
    work.iter().map(|(name, run)| (name.clone(), json!({ "ran_at": run.ran_at, "failing": run.last_error.is_some() }))).collect()
}
