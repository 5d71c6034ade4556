//! The folder in which a running `up` keeps everything.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{Credentials, Keys, private_file};

/// Marks a folder as ours, and is locked while it is in use.
const LOCK: &str = "clawstead.lock";

/// A data folder that no other process uses.
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the folder if need be and locks it until the value is dropped or the process ends.
    pub fn open(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).with_context(|| format!("cannot make the data folder {}", path.display()))?;
        ensure!(is_ours(path)?, "{} is not empty and not a data folder of clawstead", path.display());
        let lock = File::create(path.join(LOCK)).with_context(|| format!("cannot write to {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.canonicalize()?, _lock: lock }),
            Err(TryLockError::WouldBlock) => bail!("{} is in use by another `up`", path.display()),
            Err(TryLockError::Error(error)) => Err(error).context("cannot lock the data folder"),
        }
    }

    /// Deletes everything in the folder but the lock that is held.
    pub fn reset(&self) -> Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_name() == LOCK {
                continue;
            }
            let deleted =
                if entry.file_type()?.is_dir() { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
            deleted.with_context(|| format!("cannot delete {}", entry.path().display()))?;
        }
        Ok(())
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the credentials are.
    pub fn credentials_file(&self) -> PathBuf {
        self.path.join("credentials.json")
    }

    /// The keys of an earlier run, or new ones.
    pub fn keys(&self) -> Result<Keys> {
        let mut keys = Keys::generate()?;
        if let Some(credentials) = Credentials::read(&self.credentials_file())? {
            keys.operator = credentials.operator_key;
            keys.tick = credentials.tick_key;
        }
        keys.vault = self.vault_keys(&keys.vault)?;
        Ok(keys)
    }

    /// Without the vault's keys, nothing sealed can be opened again: they have a file of their own, written before first use.
    fn vault_keys(&self, new: &str) -> Result<String> {
        let path = self.path.join("vault_keys");
        match fs::read_to_string(&path) {
            Ok(keys) => return Ok(keys.trim().to_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
        private_file::write(&path, new)?;
        Ok(new.to_owned())
    }
}

fn is_ours(path: &Path) -> Result<bool> {
    Ok(path.join(LOCK).exists() || fs::read_dir(path)?.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_user_of_the_folder_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = DataDir::open(folder.path()).expect("it is free");

        let refusal = DataDir::open(folder.path()).err().expect("it is in use").to_string();
        assert!(refusal.contains("in use"), "{refusal}");

        drop(first);
        DataDir::open(folder.path()).expect("it is free again");
    }

    #[test]
    fn keys_stay_until_the_folder_is_reset() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataDir::open(folder.path()).expect("it is free");
        let vault = data.keys().expect("keys").vault;
        assert_eq!(data.keys().expect("the same keys").vault, vault);

        data.reset().expect("it is emptied");
        assert_ne!(data.keys().expect("new keys").vault, vault);
    }

    #[test]
    fn a_folder_of_somebody_else_is_not_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let letter = folder.path().join("letter.txt");
        fs::write(&letter, "dear").expect("a file");

        assert!(DataDir::open(folder.path()).is_err());
        assert!(letter.exists() && !folder.path().join(LOCK).exists());
    }
}
