//! State that can be watched and, when a file is given, survives a restart.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tokio::time::Instant;

/// An emulator's state, its change signal and its file.
pub(crate) struct Store<T> {
    state: Mutex<T>,
    changes: watch::Sender<u64>,
    file: Option<PathBuf>,
}

impl<T: Default + Serialize + DeserializeOwned + Send + 'static> Store<T> {
    /// Opens the state in `file`, or a fresh one when there is no such file.
    pub(crate) fn open(file: Option<PathBuf>) -> anyhow::Result<Arc<Store<T>>> {
        let state = match &file {
            Some(path) if path.exists() => load(path)?,
            _ => T::default(),
        };
        Ok(Arc::new(Store { state: Mutex::new(state), changes: watch::Sender::new(0), file }))
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.lock())
    }

    /// Changes the state and wakes everybody who waits for a change.
    pub(crate) fn change<R>(&self, edit: impl FnOnce(&mut T) -> R) -> R {
        let result = edit(&mut self.lock());
        self.changes.send_modify(|version| *version += 1);
        result
    }

    /// Waits until `look` finds something, at most for `limit`.
    pub(crate) async fn wait_for<R>(&self, limit: Duration, look: impl Fn(&T) -> Option<R>) -> Option<R> {
        let mut changes = self.changes.subscribe();
        let deadline = Instant::now() + limit;
        loop {
            if let Some(found) = self.read(&look) {
                return Some(found);
            }
            match tokio::time::timeout_at(deadline, changes.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return self.read(&look),
            }
        }
    }

    /// Writes the state after every change, several changes at once when they come fast. Ends at
    /// once when there is no file, and otherwise never.
    pub(crate) async fn keep_saved(self: Arc<Self>) {
        if self.file.is_none() {
            return;
        }
        let mut changes = self.changes.subscribe();
        while changes.changed().await.is_ok() {
            let store = self.clone();
            let saved = tokio::task::spawn_blocking(move || store.save()).await;
            if let Ok(Err(error)) = saved {
                tracing::warn!(%error, "emulator state not saved");
            }
        }
    }

    /// Writes the state now, if it has a file.
    pub(crate) fn save(&self) -> anyhow::Result<()> {
        let Some(path) = &self.file else { return Ok(()) };
        let text = serde_json::to_vec(&*self.lock())?;
        replace(path, &text).with_context(|| format!("cannot write {}", path.display()))
    }
}

fn load<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is not ours", path.display()))
}

/// Writes a neighbour first and renames it, so that a crash leaves the old or the new content.
fn replace(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let neighbour = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    // Environments of machines and tokens of bots are inside.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&neighbour)?.write_all(content)?;
    fs::rename(&neighbour, path)
}
