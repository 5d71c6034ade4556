//! The skills manifest, checked as the existing worker checks it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::run::Running;
use super::snapshot::sha256;

const MARKER: &str = ".af-global-skill.json";

impl Running {
    /// Fetches the manifest and checks every skill; gives how many there are.
    pub(crate) async fn materialise_skills(&self) -> Result<usize, String> {
        let args = json!({
            "workspaceId": self.config.workspace_id,
            "workerId": self.config.worker_id,
            "releaseChannel": self.config.release_channel,
        });
        let manifest = self.control_plane.query("workerGlobalSkillsManifest", args).await;
        let manifest = manifest.map_err(|error| error.to_string())?;
        check_manifest(&manifest)
    }
}

/// Looks at a manifest as the existing worker does before it writes skills to disk; gives how many there are.
///
/// # Errors
/// With what it would stumble over.
pub fn check_manifest(manifest: &Value) -> Result<usize, String> {
    if manifest.is_null() {
        return Err("a null manifest deletes every skill".to_owned());
    }
    let skills = manifest["skills"].as_array().ok_or("a manifest without skills")?;
    skills.iter().try_for_each(check)?;
    Ok(skills.len())
}

fn check(skill: &Value) -> Result<(), String> {
    let name = skill["skillDirName"].as_str().or(skill["slug"].as_str()).ok_or("a nameless skill")?;
    let files = skill["files"].as_array().ok_or_else(|| format!("{name} has no files"))?;
    let mut paths = BTreeSet::new();
    let mut bundle = Vec::new();
    for file in files {
        let field = |field: &str| file[field].as_str().ok_or_else(|| format!("{name}: a file without {field}"));
        let (path, content, digest) = (field("path")?, field("content")?, field("sha256")?);
        if !paths.insert(path) || path.starts_with("../") || path.contains("/../") {
            return Err(format!("{name}: bad path {path}"));
        }
        if sha256(content.as_bytes()) != digest {
            return Err(format!("{name}: checksum of {path}"));
        }
        if path != MARKER {
            bundle.push(format!("{path}\n{digest}\n{content}"));
        }
    }
    let entry = if skill["moduleFormat"] == "cjs" { "scripts/index.cjs" } else { "scripts/index.mjs" };
    for needed in ["SKILL.md", entry, MARKER] {
        if !paths.contains(needed) {
            return Err(format!("{name}: {needed} is missing"));
        }
    }
    let digest = sha256(bundle.join("\n---\n").as_bytes());
    match skill["sha256"].as_str() {
        Some(expected) if expected != digest => Err(format!("{name}: checksum of the bundle")),
        _ => Ok(()),
    }
}
