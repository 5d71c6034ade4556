//! The skills that a worker is handed.

use clawstead_domain::skill::manifest::{self, Handed};
use clawstead_domain::skill::{Bundle, Channel, File, ModuleFormat, NewFile, release_digest};
use clawstead_ledger::{Engine, Row};
use clawstead_vault::TrustedKeys;

use super::signature;
use crate::{Cx, OperationError};

/// All skills of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// A hash of them.
    pub manifest_version: String,
    /// The skills, in order.
    pub skills: Vec<Handed>,
    /// Those that cannot be handed out: for the log.
    pub left_out: Vec<LeftOut>,
}

/// A skill that should be handed out and cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Which one.
    pub slug: String,
    /// Which version.
    pub version: String,
    /// Why, in words of ours.
    pub reason: &'static str,
}

/// All skills of a channel that are not disabled. What is stored is checked once more, for programs are made of it; what is not what
/// was deployed, or not signed with a key that is trusted now, is left out, and the others are handed out all the same.
///
/// # Errors
/// When the database does not answer.
pub async fn manifest<E: Engine>(cx: &Cx<'_, E>, keys: &TrustedKeys, channel: Channel) -> Result<Manifest, OperationError> {
    let sql = "SELECT r.slug, r.version, v.module_format, v.entry_point, v.sha256, v.signature, v.files FROM skill_releases r \
               JOIN skills s ON s.slug = r.slug AND s.status = 'active' \
               LEFT JOIN skill_versions v ON v.slug = r.slug AND v.version = r.version WHERE r.channel = ?1";
    let rows = cx.sql(sql, &[channel.as_str().into()]).await?;
    let (mut skills, mut left_out) = (Vec::new(), Vec::new());
    for row in rows.iter() {
        let text = |column| row.text(column).unwrap_or_default();
        match handed(&row, keys) {
            Ok(skill) => skills.push(skill),
            Err(reason) => left_out.push(LeftOut { slug: text("slug"), version: text("version"), reason }),
        }
    }
    manifest::sort(&mut skills);
    Ok(Manifest { manifest_version: manifest::version(&skills), skills, left_out })
}

fn handed(row: &Row<'_>, keys: &TrustedKeys) -> Result<Handed, &'static str> {
    let text = |column| row.text(column).ok_or("a part of it is missing");
    let (slug, version, entry_point) = (text("slug")?, text("version")?, text("entry_point")?);
    let format = ModuleFormat::parse(&text("module_format")?).ok_or("its module format is unknown")?;
    let files: Vec<File> = serde_json::from_str(&text("files")?).map_err(|_| "its files cannot be read")?;
    let files = files.into_iter().map(NewFile::from).collect();
    let bundle = Bundle::check(format, files).map_err(|refusal| refusal.code)?;
    if bundle.sha256() != text("sha256")? {
        return Err("its files are not those that were deployed");
    }
    let digest = release_digest(&slug, &version, format, &entry_point, bundle.files());
    if !signature::is_good(keys, &digest, row.text("signature").as_deref()) {
        return Err("it is not signed with a key that is trusted");
    }
    Ok(Handed::new(slug, version, format, entry_point, bundle))
}
