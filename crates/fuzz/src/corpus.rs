//! The files of a target.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// One folder of inputs, each as it is.
#[derive(Debug, Clone)]
pub struct Corpus {
    folder: PathBuf,
    /// Name and bytes, by name.
    inputs: Vec<(String, Vec<u8>)>,
}

impl Corpus {
    /// Reads `tests/corpus/<target>` of this workspace.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub fn of(target: &str) -> io::Result<Self> {
        Self::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus").join(target))
    }

    /// Reads a folder.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut inputs = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            inputs.push((name, fs::read(&path)?));
        }
        inputs.sort();
        Ok(Self { folder: folder.to_owned(), inputs })
    }

    /// Names and bytes, by name.
    pub fn inputs(&self) -> &[(String, Vec<u8>)] {
        &self.inputs
    }

    /// Those whose names begin so.
    pub fn named<'a>(&'a self, beginning: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.inputs.iter().filter(move |(name, _)| name.starts_with(beginning)).map(|(_, bytes)| bytes.as_slice())
    }

    /// Keeps an input that was found, under a name with its hash; gives where.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep(&self, bytes: &[u8]) -> io::Result<PathBuf> {
        let hash = hex::encode(&Sha256::digest(bytes)[..6]);
        let path = self.folder.join(format!("found-{hash}"));
        fs::write(&path, bytes)?;
        Ok(path)
    }
}
