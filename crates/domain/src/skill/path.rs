//! What a path in a bundle may be. Its files are written into a folder by programs that check less, on file systems that may not
//! tell upper from lower case. So a path is what it looks like, whoever reads it: segments of ASCII letters, digits, `.`, `_` and
//! `-` with one slash between two, and no two paths can mean the same file.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Longest path, bytes. No segment can be longer then than a file system takes.
pub const PATH_BYTES_MAX: usize = 200;

/// The file by which workers know a folder as one that they may replace. It is ours to write.
pub const MARKER: &str = ".af-global-skill.json";

/// Why a text is no path, for people.
///
/// # Errors
/// With that.
pub fn check(path: &str) -> Result<(), &'static str> {
    if path.is_empty() {
        return Err("is empty");
    }
    if path.len() > PATH_BYTES_MAX {
        return Err("is longer than 200 bytes");
    }
    path.split('/').try_for_each(check_segment)
}

/// An ending dot covers `.` and `..`, and names that Windows takes for others.
fn check_segment(segment: &str) -> Result<(), &'static str> {
    if segment.is_empty() {
        return Err("has an empty segment, or a slash at an end");
    }
    if !segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) {
        return Err("holds something else than ASCII letters, digits, '.', '_', '-' and '/'");
    }
    if segment.ends_with('.') {
        return Err("has a segment that ends with a dot");
    }
    if segment.eq_ignore_ascii_case(MARKER) {
        return Err("is called as the file by which workers know what they may replace");
    }
    Ok(())
}

/// The files and folders so far, by their names in lower case.
#[derive(Debug, Default)]
pub(super) struct Tree<'a>(BTreeMap<String, Node<'a>>);

#[derive(Debug)]
struct Node<'a> {
    spelled: &'a str,
    is_file: bool,
}

impl<'a> Tree<'a> {
    /// Adds a file with a good path, and the folders that it is in.
    pub(super) fn add(&mut self, path: &'a str) -> Result<(), &'static str> {
        let ends = path.match_indices('/').map(|(index, _)| index).chain([path.len()]);
        for end in ends {
            let node = Node { spelled: &path[..end], is_file: end == path.len() };
            match self.0.entry(node.spelled.to_ascii_lowercase()) {
                Entry::Vacant(free) => {
                    free.insert(node);
                }
                Entry::Occupied(known) => known.get().goes_with(&node)?,
            }
        }
        Ok(())
    }
}

impl Node<'_> {
    fn goes_with(&self, later: &Self) -> Result<(), &'static str> {
        if self.spelled != later.spelled {
            return Err("differs from another only in upper and lower case");
        }
        match (self.is_file, later.is_file) {
            (false, false) => Ok(()),
            (true, true) => Err("stands twice"),
            _ => Err("is a file for one and a folder for another"),
        }
    }
}
