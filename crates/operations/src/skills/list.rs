//! Skills for reading.

use std::collections::BTreeMap;

use clawstead_domain::skill::{self, Channel, File, ModuleFormat};
use clawstead_ledger::{Engine, Row};
use serde::Serialize;
use serde_json::json;

use crate::{Cx, OperationError};

/// A skill, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SkillView {
    /// Its name.
    pub slug: String,
    /// `active`, or `disabled`: no worker is handed it then.
    pub status: String,
    /// For people.
    pub display_name: String,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was made.
    pub created_at: i64,
    /// When something of it changed.
    pub updated_at: i64,
    /// What each channel points at, where it points at anything.
    pub channels: BTreeMap<Channel, ReleaseView>,
}

/// What a channel points at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleaseView {
    /// Names the time since when.
    pub release_id: String,
    /// Which version.
    pub version: String,
    /// The hash by which existing workers check the whole.
    pub sha256: String,
    /// How its program is loaded.
    pub module_format: ModuleFormat,
    /// What of it is called.
    pub entry_point: String,
    /// Since when.
    pub activated_at: i64,
}

/// A version of a skill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VersionView {
    /// Which one.
    pub version: String,
    /// How its program is loaded.
    pub module_format: ModuleFormat,
    /// What of it is called.
    pub entry_point: String,
    /// The hash by which existing workers check the whole.
    pub sha256: String,
    /// The digest that is signed.
    pub digest: String,
    /// Signature over it.
    pub signature: Option<String>,
    /// Bytes of content.
    pub size_bytes: i64,
    /// When it was added.
    pub added_at: i64,
    /// Its place in the log; pages go by it.
    pub position: i64,
    /// Its files, where one version alone is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Vec<File>>,
}

/// Which skills.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those that workers are handed, or only those that they are not.
    pub enabled: Option<bool>,
    /// Only those that this channel points at a version of.
    pub channel: Option<Channel>,
}

const COLUMNS: &str = "s.slug, s.status, s.display_name, s.description, s.created_at, s.updated_at";

/// One skill.
///
/// # Errors
/// When there is no such skill.
pub async fn get<E: Engine>(cx: &Cx<'_, E>, slug: &str) -> Result<SkillView, OperationError> {
    let rows = cx.sql(&format!("SELECT {COLUMNS} FROM skills s WHERE s.slug = ?1"), &[slug.into()]).await?;
    let row = rows.first().ok_or_else(skill::not_found)?;
    let mut found = [skill_of(&row)?];
    add_channels(cx, &mut found).await?;
    let [found] = found;
    Ok(found)
}

/// Skills by slug, after `after`; only those count that the filter lets through.
///
/// # Errors
/// When the database does not answer.
pub async fn list<E: Engine>(cx: &Cx<'_, E>, filter: Filter, after: &str, limit: i64) -> Result<Vec<SkillView>, OperationError> {
    let mut sql = format!("SELECT {COLUMNS} FROM skills s WHERE s.slug > ?1");
    let mut params = vec![after.into(), limit.into()];
    if let Some(enabled) = filter.enabled {
        params.push(super::deploy::status(enabled).into());
        sql.push_str(&format!(" AND s.status = ?{}", params.len()));
    }
    if let Some(channel) = filter.channel {
        params.push(channel.as_str().into());
        let of_channel = format!("r.slug = s.slug AND r.channel = ?{}", params.len());
        sql.push_str(&format!(" AND EXISTS (SELECT 1 FROM skill_releases r WHERE {of_channel})"));
    }
    sql.push_str(" ORDER BY s.slug LIMIT ?2");
    let rows = cx.sql(&sql, &params).await?;
    let mut found = rows.iter().map(|row| skill_of(&row)).collect::<Result<Vec<_>, _>>()?;
    add_channels(cx, &mut found).await?;
    Ok(found)
}

async fn add_channels<E: Engine>(cx: &Cx<'_, E>, skills: &mut [SkillView]) -> Result<(), OperationError> {
    let slugs: Vec<&str> = skills.iter().map(|skill| skill.slug.as_str()).collect();
    let sql = "SELECT r.slug, r.channel, r.release_id, r.version, r.activated_at, v.sha256, v.module_format, v.entry_point \
               FROM json_each(?1) k JOIN skill_releases r ON r.slug = k.value \
               JOIN skill_versions v ON v.slug = r.slug AND v.version = r.version";
    let rows = cx.sql(sql, &[json!(slugs).to_string().into()]).await?;
    let mut releases: BTreeMap<String, BTreeMap<Channel, ReleaseView>> = BTreeMap::new();
    for row in rows.iter() {
        let (slug, channel, release) = release_of(&row).ok_or_else(|| OperationError::unexpected("a row of skill_releases"))?;
        releases.entry(slug).or_default().insert(channel, release);
    }
    for skill in skills {
        skill.channels = releases.remove(&skill.slug).unwrap_or_default();
    }
    Ok(())
}

const VERSION_COLUMNS: &str = "version, module_format, entry_point, sha256, digest, signature, size_bytes, added_at, position";

/// Versions of a skill, newest first, those before a position; without their files.
///
/// # Errors
/// When there is no such skill.
pub async fn versions<E: Engine>(
    cx: &Cx<'_, E>,
    slug: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<VersionView>, OperationError> {
    get(cx, slug).await?;
    let sql =
        format!("SELECT {VERSION_COLUMNS} FROM skill_versions WHERE slug = ?1 AND position < ?2 ORDER BY position DESC LIMIT ?3");
    let rows = cx.sql(&sql, &[slug.into(), before.into(), limit.into()]).await?;
    rows.iter().map(|row| version_of(&row)).collect()
}

/// One version with its files.
///
/// # Errors
/// When there is no such version.
pub async fn version<E: Engine>(cx: &Cx<'_, E>, slug: &str, version: &str) -> Result<VersionView, OperationError> {
    let sql = format!("SELECT {VERSION_COLUMNS}, files FROM skill_versions WHERE slug = ?1 AND version = ?2");
    let rows = cx.sql(&sql, &[slug.into(), version.into()]).await?;
    let row = rows.first().ok_or_else(skill::version_not_found)?;
    let files = row.text("files").and_then(|files| serde_json::from_str(&files).ok());
    let files = files.ok_or_else(|| OperationError::unexpected("the files of a row of skill_versions"))?;
    Ok(VersionView { files: Some(files), ..version_of(&row)? })
}

fn skill_of(row: &Row<'_>) -> Result<SkillView, OperationError> {
    let read = || {
        Some(SkillView {
            slug: row.text("slug")?,
            status: row.text("status")?,
            display_name: row.text("display_name")?,
            description: row.text("description"),
            created_at: row.integer("created_at")?,
            updated_at: row.integer("updated_at")?,
            channels: BTreeMap::new(),
        })
    };
    read().ok_or_else(|| OperationError::unexpected("a row of skills"))
}

fn release_of(row: &Row<'_>) -> Option<(String, Channel, ReleaseView)> {
    let release = ReleaseView {
        release_id: row.text("release_id")?,
        version: row.text("version")?,
        sha256: row.text("sha256")?,
        module_format: ModuleFormat::parse(&row.text("module_format")?)?,
        entry_point: row.text("entry_point")?,
        activated_at: row.integer("activated_at")?,
    };
    Some((row.text("slug")?, Channel::parse(&row.text("channel")?).ok()?, release))
}

fn version_of(row: &Row<'_>) -> Result<VersionView, OperationError> {
    let read = || {
        Some(VersionView {
            version: row.text("version")?,
            module_format: ModuleFormat::parse(&row.text("module_format")?)?,
            entry_point: row.text("entry_point")?,
            sha256: row.text("sha256")?,
            digest: row.text("digest")?,
            signature: row.text("signature"),
            size_bytes: row.integer("size_bytes")?,
            added_at: row.integer("added_at")?,
            position: row.integer("position")?,
            files: None,
        })
    };
    read().ok_or_else(|| OperationError::unexpected("a row of skill_versions"))
}
