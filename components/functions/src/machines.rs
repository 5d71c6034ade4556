//! Rows 35 to 39: machines, in the words of existing clients, for the operator alone.
//!
//! Tokens, policies and instants that callers may send are taken and not used: these are the operator's settings, and the
//! server's clock.

use clawstead_domain::cleanup::{Finding, Scope, Thing};
use clawstead_domain::config::ProviderPolicy;
use clawstead_ledger::engines::spin::SpinEngine;
use clawstead_operations::cleanup::{self, Counts, Order, Report};
use clawstead_operations::{Cx, configs, queue};
use clawstead_service::outside::{SpinTimer, outside};
use clawstead_service::spin::App;
use clawstead_service::{Problem, json};
use http::StatusCode;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

/// Leases that ran out: taken back at most so many at once, and when nobody says.
const RELEASE_LIMIT_MAX: f64 = 500.0;
const RELEASE_LIMIT_DEFAULT: f64 = 100.0;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct StartArgs {
    #[serde(rename = "flyApiToken")]
    _fly_api_token: Option<IgnoredAny>,
    #[serde(rename = "convexUrl")]
    _convex_url: Option<IgnoredAny>,
    #[serde(rename = "workspaceId")]
    _workspace_id: Option<IgnoredAny>,
    #[serde(rename = "scalingPolicy")]
    _scaling_policy: Option<IgnoredAny>,
}

pub(crate) async fn start(app: &App, cx: &Cx<'_, SpinEngine>, args: Value) -> Result<Value, Problem> {
    let StartArgs { .. } = json::from_value(args)?;
    Ok(reconciled(&cleanup::counted(cx, &outside(&app.settings)?, &app.stores()).await?))
}

fn reconciled(counts: &Counts) -> Value {
    json!({ "activeWorkers": counts.active, "spawned": counts.requested, "terminated": counts.stopped })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CheckArgs {
    #[serde(rename = "flyApiToken")]
    _fly_api_token: Option<IgnoredAny>,
}

pub(crate) async fn check_idle(app: &App, cx: &Cx<'_, SpinEngine>, args: Value) -> Result<Value, Problem> {
    let CheckArgs { .. } = json::from_value(args)?;
    let counts = cleanup::counted(cx, &outside(&app.settings)?, &app.stores()).await?;
    Ok(json!({
        "checked": counts.active + counts.pending + counts.stopped, "stopped": counts.stopped, "pending": counts.pending,
        // The timer comes whether or not anything is pending.
        "nextCheckScheduled": true,
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RecoverArgs {
    #[serde(rename = "nowMs")]
    _now_ms: Option<IgnoredAny>,
    release_limit: Option<f64>,
    #[serde(rename = "workspaceId")]
    _workspace_id: Option<IgnoredAny>,
    #[serde(rename = "scalingPolicy")]
    _scaling_policy: Option<IgnoredAny>,
}

pub(crate) async fn recover(app: &App, cx: &Cx<'_, SpinEngine>, args: Value) -> Result<Value, Problem> {
    let RecoverArgs { release_limit, .. } = json::from_value(args)?;
    let limit = release_limit.unwrap_or(RELEASE_LIMIT_DEFAULT).clamp(1.0, RELEASE_LIMIT_MAX) as i64;
    let released = queue::recover_leases(cx, limit).await?;
    let counts = cleanup::counted(cx, &outside(&app.settings)?, &app.stores()).await?;
    let taken = released + counts.report.kinds.get("leases").map_or(0, |leases| leases.done);
    Ok(json!({ "released": { "requeued": taken, "unlocked": taken }, "reconcile": reconciled(&counts) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct DeleteArgs {
    app_name: String,
    volume_id: String,
    #[serde(rename = "flyApiToken")]
    _fly_api_token: Option<IgnoredAny>,
}

pub(crate) async fn delete_volume(app: &App, cx: &Cx<'_, SpinEngine>, args: Value) -> Result<Value, Problem> {
    let DeleteArgs { app_name, volume_id, .. } = json::from_value(args)?;
    for (field, value) in [("appName", &app_name), ("volumeId", &volume_id)] {
        if value.trim().is_empty() {
            return Err(Problem::field("invalid_field", field, "must not be blank"));
        }
    }
    cleanup::delete_volume(cx, &outside(&app.settings)?, app_name.trim(), volume_id.trim()).await?;
    Ok(json!({ "ok": true, "status": 200, "message": "the volume is deleted" }))
}

/// The last five are ours: without them, existing clients get a report of what nobody owns, and nothing is touched.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CleanupArgs {
    #[serde(rename = "flyApiToken")]
    _fly_api_token: Option<IgnoredAny>,
    #[serde(rename = "machineConcurrency")]
    _machine_concurrency: Option<IgnoredAny>,
    #[serde(rename = "volumeConcurrency")]
    _volume_concurrency: Option<IgnoredAny>,
    dry_run: Option<bool>,
    scope: Option<Scope>,
    app_name: Option<String>,
    #[serde(default)]
    force: bool,
    confirm: Option<String>,
}

pub(crate) async fn clean_up(app: &App, cx: &Cx<'_, SpinEngine>, args: Value) -> Result<Value, Problem> {
    let args: CleanupArgs = json::from_value(args)?;
    let provider: ProviderPolicy = configs::load(cx).await?.get()?;
    let order = Order {
        scope: args.scope.unwrap_or(Scope::Orphans),
        app: args.app_name,
        dry_run: args.dry_run.unwrap_or(true),
        force: args.force,
        confirm: args.confirm,
    };
    let report = cleanup::run(cx, &outside(&app.settings)?, &SpinTimer, &app.settings.deployment, &order).await?;
    match report.failure() {
        Some(failure) if !report.dry_run => Err(Problem::new(StatusCode::CONFLICT, "cleanup_incomplete", failure)),
        _ => Ok(shown(&report, &order.app.unwrap_or(provider.app_name))),
    }
}

fn shown(report: &Report, app_name: &str) -> Value {
    let gone: Vec<&Finding> = report.gone().collect();
    let ids = |findings: &[&Finding], thing: Thing| -> Vec<String> {
        findings.iter().filter(|finding| finding.thing == thing).map(|finding| finding.id.clone()).collect()
    };
    let (found, left): (Vec<&Finding>, Vec<&Finding>) = (report.found.iter().collect(), report.remaining.iter().collect());
    let (machines, volumes) = (Thing::Machine, Thing::Volume);
    let mut warnings = Vec::new();
    if report.dry_run {
        warnings.push("nothing was touched: pass dryRun false to carry this out".to_owned());
    }
    json!({
        "appName": app_name,
        "machinesFound": ids(&found, machines).len(),
        "machinesDeleted": ids(&gone, machines).len(),
        "machinesRemaining": ids(&left, machines).len(),
        "machineIdsDeleted": ids(&gone, machines),
        "machineIdsRemaining": ids(&left, machines),
        "volumesFound": ids(&found, volumes).len(),
        "volumesDeleted": ids(&gone, volumes).len(),
        "volumesRemaining": ids(&left, volumes).len(),
        "volumeIdsDeleted": ids(&gone, volumes),
        "volumeIdsRemaining": ids(&left, volumes),
        "warnings": warnings,
        "errors": report.errors,
    })
}
