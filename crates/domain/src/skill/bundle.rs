//! The files of a version.

use serde::{Deserialize, Serialize};

use super::path::{self, Tree};
use super::{ModuleFormat, digest, wrong};
use crate::Refusal;

/// Bytes of content of all files of a version, at most (queue-worker.md section 1).
pub const BUNDLE_BYTES_MAX: usize = 200_000;

/// Files of a version, at most.
pub const FILES_MAX: usize = 200;

/// The file that says what a skill is for.
const DESCRIPTION_FILE: &str = "SKILL.md";

/// A file as it is handed in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewFile {
    /// Where it goes, below the skill's folder.
    pub path: String,
    /// Its text.
    pub content: String,
    /// SHA-256 of the text in UTF-8, hex, in upper or lower case. What is given must be true.
    pub sha256: Option<String>,
}

/// A file of a bundle that has been checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Where it goes, below the skill's folder.
    pub path: String,
    /// Its text.
    pub content: String,
    /// SHA-256 of the text in UTF-8, lower-case hex.
    pub sha256: String,
}

impl From<File> for NewFile {
    fn from(file: File) -> Self {
        Self { path: file.path, content: file.content, sha256: Some(file.sha256) }
    }
}

/// Files that together can be a skill, in the order in which they are handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle(Vec<File>);

impl Bundle {
    /// Checks files and puts them in order.
    ///
    /// # Errors
    /// With what is wrong, and with which file, by its place from 1 and its path.
    pub fn check(format: ModuleFormat, files: Vec<NewFile>) -> Result<Self, Refusal> {
        check_numbers(&files)?;
        let mut tree = Tree::default();
        for (file, place) in files.iter().zip(1..) {
            path::check(&file.path).and_then(|()| tree.add(&file.path)).map_err(|why| not_a_path(place, &file.path, why))?;
        }
        let mut files = files.into_iter().map(File::check).collect::<Result<Vec<_>, _>>()?;
        for needed in [DESCRIPTION_FILE, format.entry_file()] {
            if !files.iter().any(|file| file.path == needed) {
                return Err(wrong("skill_file_missing", "files", format!("there is no {needed}")));
            }
        }
        files.sort_by(|one, other| digest::in_order(&one.path, &other.path));
        Ok(Self(files))
    }

    /// The files, in order.
    pub fn files(&self) -> &[File] {
        &self.0
    }

    /// The files, in order.
    pub fn into_files(self) -> Vec<File> {
        self.0
    }

    /// The hash by which existing workers check the whole: see `digest::bundle`.
    pub fn sha256(&self) -> String {
        digest::bundle(&self.0)
    }

    /// Bytes of content.
    pub fn size_bytes(&self) -> usize {
        self.0.iter().map(|file| file.content.len()).sum()
    }
}

impl File {
    fn check(file: NewFile) -> Result<Self, Refusal> {
        let sha256 = digest::sha256_hex(&file.content);
        if file.sha256.as_ref().is_some_and(|given| !given.eq_ignore_ascii_case(&sha256)) {
            let detail = format!("{:?}: its content has another SHA-256 than the one given", file.path);
            return Err(wrong("skill_checksum_mismatch", "files", detail));
        }
        Ok(Self { path: file.path, content: file.content, sha256 })
    }
}

/// First, so that all else is bounded.
fn check_numbers(files: &[NewFile]) -> Result<(), Refusal> {
    if files.is_empty() || files.len() > FILES_MAX {
        return Err(Refusal::invalid("files", format!("must be 1 to {FILES_MAX}")));
    }
    if files.iter().map(|file| file.content.len()).sum::<usize>() > BUNDLE_BYTES_MAX {
        let detail = format!("the content of all files together may have at most {BUNDLE_BYTES_MAX} bytes");
        return Err(Refusal { field: Some("files"), ..Refusal::too_large("skill_too_large", detail) });
    }
    Ok(())
}

/// Debug output escapes what would break a line or turn the text around.
fn not_a_path(place: usize, path: &str, why: &str) -> Refusal {
    let shown = crate::text::truncate(path, path::PATH_BYTES_MAX);
    wrong("skill_path_invalid", "files", format!("file {place}: the path {shown:?} {why}"))
}
