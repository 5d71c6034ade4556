//! Files with secrets: readable by their owner only, and never half written.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use anyhow::{Context as _, Result};

const OWNER_ONLY: u32 = 0o600;

/// Replaces the file at `path` in one step.
pub(crate) fn write(path: &Path, content: &str) -> Result<()> {
    let beside = path.with_extension("new");
    // The mode of a file that exists would stay as it is.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error).context("cannot replace a file"),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNER_ONLY)
        .open(&beside)
        .with_context(|| format!("cannot write {}", beside.display()))?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn only_the_owner_can_read_it_even_when_it_was_open_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("keys");
        fs::write(&path, "old").expect("an old file");

        write(&path, "new").expect("it is written");

        let mode = fs::metadata(&path).expect("it exists").permissions().mode();
        assert_eq!((mode & 0o777, fs::read_to_string(&path).expect("it reads").as_str()), (OWNER_ONLY, "new"));
        assert_eq!(fs::read_dir(folder.path()).expect("it lists").count(), 1, "nothing else is left behind");
    }
}
