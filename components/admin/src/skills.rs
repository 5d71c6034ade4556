//! Global skills.

use clawstead_domain::skill::{Channel, Deploy, ModuleFormat, NewFile};
use clawstead_operations::skills::{self, Filter};
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewVersion {
    files: Vec<NewFile>,
    #[serde(default)]
    module_format: ModuleFormat,
    entry_point: Option<String>,
    #[serde(default)]
    channel: Channel,
    display_name: Option<String>,
    description: Option<String>,
    signature: Option<String>,
}

/// 201 for a version that was not there before.
pub(crate) async fn deploy(app: &App, call: &Call) -> Result<Reply, Problem> {
    let NewVersion { files, module_format, entry_point, channel, display_name, description, signature } = call.json()?;
    let (slug, version) = (call.param("slug").to_owned(), call.param("version").to_owned());
    let command = Deploy { slug, version, module_format, entry_point, files, channel, display_name, description, signature };
    let deployed = skills::deploy(&app.cx(call), &app.settings.skill_keys, command).await?;
    Ok(Reply::json(if deployed.is_new { StatusCode::CREATED } else { StatusCode::OK }, &deployed))
}

pub(crate) async fn list(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["status", "channel", "after", "limit"])?;
    let enabled = match query.text("status").as_deref() {
        None => None,
        Some("active") => Some(true),
        Some("disabled") => Some(false),
        Some(_) => return Err(Problem::field("invalid_field", "status", "must be active or disabled")),
    };
    let channel = query.text("channel").map(|word| Channel::parse(&word)).transpose()?;
    let (after, limit) = (query.text("after").unwrap_or_default(), query.limit()?);
    let listed = skills::list(&app.cx(call), Filter { enabled, channel }, &after, limit).await?;
    let next_after = listed.last().map(|skill| skill.slug.clone());
    Ok(Reply::ok(&json!({ "skills": listed, "next_after": next_after })))
}

pub(crate) async fn show(app: &App, call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(&skills::get(&app.cx(call), call.param("slug")).await?))
}

pub(crate) async fn versions(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["before", "limit"])?;
    let (before, limit) = (query.integer("before", i64::MAX, 1, i64::MAX)?, query.limit()?);
    let listed = skills::versions(&app.cx(call), call.param("slug"), before, limit).await?;
    let next_before = listed.last().map(|version| version.position);
    Ok(Reply::ok(&json!({ "versions": listed, "next_before": next_before })))
}

pub(crate) async fn version(app: &App, call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(&skills::version(&app.cx(call), call.param("slug"), call.param("version")).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pointed {
    version: String,
}

pub(crate) async fn activate(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Pointed { version } = call.json()?;
    let (slug, channel) = (call.param("slug"), Channel::parse(call.param("channel"))?);
    let skill = skills::activate(&app.cx(call), &app.settings.skill_keys, slug, channel, &version).await?;
    Ok(Reply::ok(&skill))
}

pub(crate) async fn switch(app: &App, call: &Call, enabled: bool) -> Result<Reply, Problem> {
    Ok(Reply::ok(&skills::switch(&app.cx(call), call.param("slug"), enabled).await?))
}

pub(crate) async fn delete(app: &App, call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(&skills::delete(&app.cx(call), call.param("slug")).await?))
}
