//! What slugs, versions and the like may be.

use semver::Version;

use super::wrong;
use crate::Refusal;

/// Longest version, bytes. Semantic Versioning has no bound.
const VERSION_BYTES_MAX: usize = 128;

/// Longest name of an entry point, bytes.
const ENTRY_POINT_BYTES_MAX: usize = 128;

/// Checks a slug: 2 to 128 of `a-z 0-9 - _`, the first of them a letter or a digit (queue-worker.md section 15.2). So it can be the
/// name of a folder, of a stream and of a path segment as it stands.
///
/// # Errors
/// When it is none.
pub fn check_slug(slug: &str) -> Result<(), Refusal> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let first = slug.bytes().next().is_some_and(is_plain);
    let rest = slug.bytes().all(|byte| is_plain(byte) || b"-_".contains(&byte));
    if first && rest && (2..=128).contains(&slug.len()) {
        return Ok(());
    }
    let detail = "must have 2 to 128 characters of a-z, 0-9, '-' and '_', and begin with a letter or a digit";
    Err(wrong("skill_slug_invalid", "slug", detail))
}

/// Checks a version: Semantic Versioning 2.0.0, the whole of it (semver.org).
///
/// # Errors
/// When it is none.
pub fn check_version(version: &str) -> Result<(), Refusal> {
    if version.len() > VERSION_BYTES_MAX {
        return Err(wrong("skill_version_invalid", "version", format!("must have at most {VERSION_BYTES_MAX} bytes")));
    }
    match Version::parse(version) {
        Ok(_) => Ok(()),
        Err(why) => Err(wrong("skill_version_invalid", "version", format!("is no semantic version: {why}"))),
    }
}

/// Checks the name of an entry point: visible ASCII characters.
pub(super) fn check_entry_point(entry_point: &str) -> Result<(), Refusal> {
    let is_good =
        (1..=ENTRY_POINT_BYTES_MAX).contains(&entry_point.len()) && entry_point.bytes().all(|byte| byte.is_ascii_graphic());
    if is_good {
        return Ok(());
    }
    let detail = format!("must be 1 to {ENTRY_POINT_BYTES_MAX} visible ASCII characters");
    Err(wrong("skill_entry_point_invalid", "entry_point", detail))
}
