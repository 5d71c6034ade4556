//! What a worker is handed of its skills (queue-worker.md section 15.4; worker-wire.md section 2, step 2).

use serde::Serialize;

use super::path::MARKER;
use super::{Bundle, File, ModuleFormat, digest};

/// How the files of a skill are laid out in its folder.
pub const LAYOUT: &str = "openclaw-workspace-skill-v1";

/// A skill as a worker writes it to its disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// Its slug, which is the name of its folder too.
    pub slug: String,
    /// Its version.
    pub version: String,
    /// How its program is loaded.
    pub module_format: ModuleFormat,
    /// What of it is called.
    pub entry_point: String,
    /// The hash of its files without the marker, in this order.
    pub sha256: String,
    /// Its files, the marker last.
    pub files: Vec<File>,
}

/// What stands in the marker, in the order of its fields there.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Marker<'a> {
    slug: &'a str,
    version: &'a str,
    sha256: &'a str,
    managed_by: &'a str,
    entry_point: &'a str,
    module_format: ModuleFormat,
}

impl Handed {
    /// Adds the marker to a bundle.
    pub fn new(slug: String, version: String, module_format: ModuleFormat, entry_point: String, bundle: Bundle) -> Self {
        let sha256 = bundle.sha256();
        let mut files = bundle.into_files();
        let marker = Marker {
            slug: &slug,
            version: &version,
            sha256: &sha256,
            managed_by: "agent-factory",
            entry_point: &entry_point,
            module_format,
        };
        let mut content = serde_json::to_string_pretty(&marker).expect("texts are JSON");
        content.push('\n');
        files.push(File { path: MARKER.to_owned(), sha256: digest::sha256_hex(&content), content });
        Self { slug, version, module_format, entry_point, sha256, files }
    }

    /// Its part of the version of a manifest.
    fn listed(&self) -> String {
        let mut files: Vec<String> =
            self.files.iter().filter(|file| file.path != MARKER).map(|file| format!("{}:{}", file.path, file.sha256)).collect();
        files.sort_unstable();
        format!("{}@{}:{}:{}", self.slug, self.version, self.sha256, files.join(","))
    }
}

/// Puts skills in the order in which they are handed out.
pub fn sort(skills: &mut [Handed]) {
    skills.sort_by(|one, other| digest::in_order(&one.slug, &other.slug));
}

/// A hash of the slugs, versions and files of skills.
pub fn version(skills: &[Handed]) -> String {
    if skills.is_empty() {
        return digest::sha256_hex("empty");
    }
    let listed: Vec<String> = skills.iter().map(Handed::listed).collect();
    digest::sha256_hex(listed.join("|"))
}
