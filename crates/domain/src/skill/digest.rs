//! Hashes over bundles: one as existing workers compute it, one of our own that is signed.

use std::cmp::Ordering;

use sha2::{Digest as _, Sha256};

use super::{File, ModuleFormat};

/// Says what the bytes that follow are, so that a signature of a release is one of nothing else.
const RELEASE: &str = "clawstead skill release 1";

pub(super) fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The order of paths and slugs in manifests. The existing system has that of its engine's locale, and the hash of a bundle depends on
/// it (queue-worker.md section 15.1, W-61). This is the root order of the Unicode Collation Algorithm for the letters that we take, so
/// that a bundle has the hash that it has there, wherever this runs: `_ - . /`, digits, letters; upper case after lower case only
/// where nothing else differs.
pub(super) fn in_order(one: &str, other: &str) -> Ordering {
    let weights = |text: &str| text.bytes().map(weight).collect::<Vec<_>>();
    // In ASCII, upper case comes before lower case.
    weights(one).cmp(&weights(other)).then_with(|| other.cmp(one))
}

fn weight(byte: u8) -> u8 {
    match byte {
        b'_' => 0,
        b'-' => 1,
        b'.' => 2,
        b'/' => 3,
        // Digits, and then letters, stand behind these in ASCII.
        other => other.to_ascii_lowercase(),
    }
}

/// SHA-256 over the files in the order given: path, a line feed, the hash of the content, a line feed, the content; between two
/// files a line of three dashes (queue-worker.md section 15.1; worker-wire.md section 2, step 2). Since no path holds a line feed, and
/// each hash is that of its content, no two bundles have the same input.
pub(super) fn bundle(files: &[File]) -> String {
    let mut hash = Sha256::new();
    for (index, file) in files.iter().enumerate() {
        if index > 0 {
            hash.update("\n---\n");
        }
        for part in [&file.path, "\n", &file.sha256, "\n", &file.content] {
            hash.update(part);
        }
    }
    hex::encode(hash.finalize())
}

/// SHA-256, in lower-case hex, over everything that a release is. Each part follows its length in bytes (64 bits, big-endian): what this
/// is, slug, version, module format, entry point; then the number of files, as a length is written, and path and content of each, in
/// the order of the bytes of the paths.
pub fn release_digest(slug: &str, version: &str, format: ModuleFormat, entry_point: &str, files: &[File]) -> String {
    let mut hash = Sha256::new();
    for text in [RELEASE, slug, version, format.as_str(), entry_point] {
        part(&mut hash, text);
    }
    hash.update(length(files.len()));
    let mut by_bytes: Vec<&File> = files.iter().collect();
    by_bytes.sort_by(|one, other| one.path.cmp(&other.path));
    for file in by_bytes {
        part(&mut hash, &file.path);
        part(&mut hash, &file.content);
    }
    hex::encode(hash.finalize())
}

/// What is signed: a line of text that can be made with any tool.
pub fn signed_message(digest: &str) -> String {
    format!("{RELEASE} {digest}")
}

fn part(hash: &mut Sha256, text: &str) {
    hash.update(length(text.len()));
    hash.update(text);
}

fn length(length: usize) -> [u8; 8] {
    (length as u64).to_be_bytes()
}
