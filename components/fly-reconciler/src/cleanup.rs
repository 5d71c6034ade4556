//! Cleaning up at the provider, by order of the operator.

use clawstead_domain::cleanup::Scope;
use clawstead_operations::cleanup::{self, Order, Report};
use clawstead_operations::tick::{self, UnownedReport};
use clawstead_service::outside::{SpinTimer, outside};
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    scope: Option<Scope>,
    app_name: Option<String>,
    dry_run: Option<bool>,
    #[serde(default)]
    force: bool,
    confirm: Option<String>,
}

/// Without `"dry_run": false`, a report. An order that was not carried out to its end is a problem, with the report in it.
pub(crate) async fn run(app: &App, call: &Call) -> Result<Reply, Problem> {
    let body: Body = call.json()?;
    let order = Order {
        scope: body.scope.unwrap_or(Scope::Orphans),
        app: body.app_name,
        dry_run: body.dry_run.unwrap_or(true),
        force: body.force,
        confirm: body.confirm,
    };
    let settings = &app.settings;
    let report = cleanup::run(&app.cx(call), &outside(settings)?, &SpinTimer, &settings.deployment, &order).await?;
    Ok(match report.failure() {
        Some(failure) if !report.dry_run => incomplete(&report, failure),
        _ => Reply::ok(&report),
    })
}

fn incomplete(report: &Report, failure: String) -> Reply {
    let problem = Problem::new(StatusCode::CONFLICT, "cleanup_incomplete", failure);
    let mut body = problem.body();
    body["report"] = json!(report);
    let mut reply = Reply::json(problem.status, &body);
    reply.content_type = "application/problem+json";
    reply
}

/// What belongs to no worker, and whether and when it goes.
pub(crate) async fn unowned(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["after", "limit"])?;
    let after = query.text("after").unwrap_or_default();
    let report = tick::report_unowned(&app.cx(call), &outside(&app.settings)?, &after, query.limit()?).await?;
    let next_after = report.unowned.last().map(|one| one.id.clone());
    let UnownedReport { apps, unowned, errors } = report;
    Ok(Reply::ok(&json!({ "apps": apps, "unowned": unowned, "errors": errors, "next_after": next_after })))
}

pub(crate) async fn delete_volume(app: &App, call: &Call) -> Result<Reply, Problem> {
    let (app_name, volume_id) = (call.param("app_name"), call.param("volume_id"));
    cleanup::delete_volume(&app.cx(call), &outside(&app.settings)?, app_name, volume_id).await?;
    Ok(Reply::empty())
}

/// A tick, and what happened in it.
pub(crate) async fn reconcile(app: &App, call: &Call) -> Result<Reply, Problem> {
    let counts = cleanup::counted(&app.cx(call), &outside(&app.settings)?, &app.stores()).await?;
    Ok(Reply::ok(&json!({
        "requested": counts.requested, "stopped": counts.stopped, "active": counts.active, "pending": counts.pending,
        "tick": counts.report,
    })))
}
