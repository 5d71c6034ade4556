//! What a worker leaves behind of a conversation, and what it starts from.

use clawstead_domain::snapshot::{Figures, Start};
use clawstead_operations::files::Links;
use clawstead_operations::snapshots::{self, Finish};
use clawstead_service::spin::{App, now};
use clawstead_service::{Call, Problem, Reply};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

/// These workers speak to the object store themselves, if there is one.
pub(crate) fn links(app: &App) -> Result<Links<'_>, Problem> {
    Ok(Links { direct: app.settings.objects.as_ref(), ..app.links()? })
}

pub(crate) async fn start(app: &App, call: &Call) -> Result<Reply, Problem> {
    let command: Start = call.json()?;
    let started = snapshots::start(&app.cx(call), &links(app)?, call.worker()?, &command).await?;
    let body = json!({
        "snapshot_id": started.snapshot_id, "upload_url": started.upload_url, "expires_at": started.expires_at,
    });
    Ok(Reply::json(StatusCode::CREATED, &body))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Finished {
    sha256: String,
    size_bytes: i64,
}

pub(crate) async fn finish(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Finished { sha256, size_bytes } = call.json()?;
    let (worker, snapshot_id) = (call.worker()?, call.param("snapshot_id"));
    if let Some(store) = app.object_store() {
        snapshots::take_in(&app.cx(call), &now, &store, worker, snapshot_id).await?;
    }
    let command = Finish { snapshot_id, storage_id: None, figures: Figures { sha256, size_bytes } };
    // Reading what was brought may have taken a while.
    snapshots::finish(&app.cx(call).at(now()), worker, &command).await?;
    Ok(Reply::empty())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failed {
    error: String,
}

pub(crate) async fn fail(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Failed { error } = call.json()?;
    snapshots::fail(&app.cx(call), call.worker()?, call.param("snapshot_id"), &error).await?;
    Ok(Reply::empty())
}

pub(crate) async fn latest(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["agent_key", "workspace_id"])?;
    let agent_key =
        query.text("agent_key").ok_or_else(|| Problem::field("missing_field", "agent_key", "the field is missing"))?;
    let workspace_id = query.text("workspace_id").unwrap_or_else(|| "default".to_owned());
    let of = (workspace_id.as_str(), agent_key.as_str(), call.param("conversation_id"));
    let Some(offer) = snapshots::latest(&app.cx(call), &links(app)?, call.worker()?, of).await? else {
        return Ok(Reply::empty());
    };
    Ok(Reply::ok(&json!({
        "snapshot_id": offer.snapshot_id, "download_url": offer.download_url, "sha256": offer.sha256,
        "size_bytes": offer.size_bytes, "created_at": offer.created_at,
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fetched {
    sha256: String,
}

pub(crate) async fn fetched(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Fetched { sha256 } = call.json()?;
    snapshots::say_fetched(&app.cx(call), call.worker()?, call.param("snapshot_id"), &sha256).await?;
    Ok(Reply::empty())
}

pub(crate) async fn list(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["before", "limit"])?;
    let (before, limit) = (query.integer("before", i64::MAX, 1, i64::MAX)?, query.limit()?);
    let conversation_id = call.param("conversation_id");
    let listed = snapshots::list_for(&app.cx(call), call.worker()?, conversation_id, before, limit).await?;
    let next_before = listed.last().map(|snapshot| snapshot.position);
    Ok(Reply::ok(&json!({ "snapshots": listed, "next_before": next_before })))
}
