//! Rows 17 and 28 to 31: global skills, in the words of existing clients and workers.

use clawstead_domain::RefusalKind;
use clawstead_domain::skill::manifest::{Handed, LAYOUT};
use clawstead_domain::skill::{Channel, Deploy, ModuleFormat, NewFile};
use clawstead_ledger::engines::spin::SpinEngine;
use clawstead_operations::skills::{self, Deleted, Filter, SkillView};
use clawstead_operations::{Cx, OperationError};
use clawstead_service::skills::manifest as handed_out;
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, json};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::worker::this_worker;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct DeployArgs {
    slug: String,
    display_name: Option<String>,
    description: Option<String>,
    version: String,
    files: Vec<FileArgs>,
    entry_point: Option<String>,
    #[serde(default)]
    module_format: Option<ModuleFormat>,
    release_channel: Option<Channel>,
    /// Ours: existing clients cannot sign.
    signature: Option<String>,
    /// Taken and not kept: who it is has been proved otherwise.
    #[serde(rename = "actor")]
    _actor: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileArgs {
    path: String,
    content: String,
    sha256: String,
}

impl FileArgs {
    fn wanted(self) -> NewFile {
        NewFile { path: self.path, content: self.content, sha256: Some(self.sha256.trim().to_owned()) }
    }
}

/// As existing clients write it.
fn slug_of(text: &str) -> String {
    text.trim().to_lowercase()
}

fn version_id(slug: &str, version: &str) -> String {
    format!("{slug}@{version}")
}

pub(crate) async fn deploy(app: &App, cx: &Cx<'_, SpinEngine>, args: Value) -> Result<Value, Problem> {
    let args: DeployArgs = json::from_value(args)?;
    let command = Deploy {
        slug: slug_of(&args.slug),
        version: args.version.trim().to_owned(),
        module_format: args.module_format.unwrap_or_default(),
        entry_point: args.entry_point,
        files: args.files.into_iter().map(FileArgs::wanted).collect(),
        channel: args.release_channel.unwrap_or_default(),
        display_name: args.display_name,
        description: args.description,
        signature: args.signature,
    };
    let deployed = skills::deploy(cx, &app.settings.skill_keys, command).await?;
    Ok(json!({
        "skillId": deployed.slug, "versionId": version_id(&deployed.slug, &deployed.version),
        "releaseId": deployed.release_id, "slug": deployed.slug, "version": deployed.version, "sha256": deployed.sha256,
        "releaseChannel": deployed.channel,
    }))
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Active,
    Disabled,
}

impl Status {
    fn is_enabled(self) -> bool {
        matches!(self, Self::Active)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ListArgs {
    release_channel: Option<Channel>,
    status: Option<Status>,
    limit: Option<f64>,
}

/// The channel does not choose skills, but which of their releases is shown.
pub(crate) async fn list(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let ListArgs { release_channel, status, limit } = json::from_value(args)?;
    let filter = Filter { enabled: status.map(Status::is_enabled), channel: None };
    let limit = limit.map_or(200, |limit| limit as i64).clamp(1, 500);
    let found = skills::list(&app.cx(call), filter, "", limit).await?;
    Ok(found.iter().map(|skill| listed(skill, release_channel.unwrap_or_default())).collect())
}

fn listed(skill: &SkillView, channel: Channel) -> Value {
    let release = skill.channels.get(&channel).map(|release| {
        json!({
            "releaseId": release.release_id, "versionId": version_id(&skill.slug, &release.version),
            "version": release.version, "sha256": release.sha256, "moduleFormat": release.module_format,
            "entryPoint": release.entry_point, "releaseChannel": channel, "activatedAt": release.activated_at,
        })
    });
    let mut listed = json!({
        "skillId": skill.slug, "slug": skill.slug, "displayName": skill.display_name, "status": skill.status,
        "updatedAt": skill.updated_at, "activeRelease": release,
    });
    if let Some(description) = &skill.description {
        listed["description"] = json!(description);
    }
    listed
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusArgs {
    slug: String,
    status: Status,
    /// Taken and not kept.
    #[serde(rename = "actor")]
    _actor: Option<IgnoredAny>,
}

pub(crate) async fn set_status(cx: &Cx<'_, SpinEngine>, args: Value) -> Result<Value, Problem> {
    let StatusArgs { slug, status, .. } = json::from_value(args)?;
    let slug = slug_of(&slug);
    let updated = known(skills::switch(cx, &slug, status.is_enabled()).await)?.is_some();
    let word = if status.is_enabled() { "active" } else { "disabled" };
    Ok(json!({ "updated": updated, "slug": slug, "status": word }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeleteArgs {
    slug: String,
}

pub(crate) async fn delete(cx: &Cx<'_, SpinEngine>, args: Value) -> Result<Value, Problem> {
    let DeleteArgs { slug } = json::from_value(args)?;
    let slug = slug_of(&slug);
    let deleted = known(skills::delete(cx, &slug).await)?;
    let Deleted { deleted_versions, deleted_releases } = deleted.unwrap_or_default();
    Ok(json!({
        "deleted": deleted.is_some(), "slug": slug, "deletedVersions": deleted_versions, "deletedReleases": deleted_releases,
    }))
}

/// The protocol's word for a skill that is not there is not an error.
fn known<T>(outcome: Result<T, OperationError>) -> Result<Option<T>, Problem> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(OperationError::Refused(refusal)) if refusal.kind == RefusalKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ManifestArgs {
    workspace_id: Option<String>,
    worker_id: Option<String>,
    release_channel: Option<Channel>,
}

/// Never null: existing workers take that for an order to delete what they have.
pub(crate) async fn manifest(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let args: ManifestArgs = json::from_value(args)?;
    if let Some(worker_id) = &args.worker_id {
        this_worker(call, worker_id)?;
    }
    let channel = args.release_channel.unwrap_or_default();
    let manifest = handed_out(app, call, channel).await?;
    Ok(json!({
        "layoutVersion": LAYOUT, "manifestVersion": manifest.manifest_version, "generatedAt": call.now, "releaseChannel": channel,
        "workspaceId": args.workspace_id.unwrap_or_else(|| "default".to_owned()),
        "skills": manifest.skills.iter().map(handed).collect::<Vec<_>>(),
    }))
}

fn handed(skill: &Handed) -> Value {
    json!({
        "slug": skill.slug, "version": skill.version, "moduleFormat": skill.module_format, "entryPoint": skill.entry_point,
        "sha256": skill.sha256, "skillDirName": skill.slug, "files": skill.files,
    })
}
