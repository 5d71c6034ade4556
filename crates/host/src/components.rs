//! Compiled components, and the engine that runs them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre, Linker};

use crate::engine;
use crate::error::HostError;
use crate::state::GuestState;

type Ready = HashMap<PathBuf, InstancePre<GuestState>>;

/// Components that were compiled in this process. Hosts that share them start without compiling anything.
pub struct Components {
    engine: Engine,
    linker: Linker<GuestState>,
    ready: Mutex<Ready>,
}

impl Components {
    /// None yet; `cache_dir` keeps them beyond this process.
    ///
    /// # Errors
    /// The folder cannot be used.
    pub fn new(cache_dir: &Path) -> Result<Self, HostError> {
        let components = Self::uninterrupted(cache_dir)?;
        engine::start_epochs(&components.engine)?;
        Ok(components)
    }

    /// The same, but a guest that computes is never made to give way to others, however long it takes. So what runs after what
    /// does not depend on how quick the machine is, and [`max_busy`](crate::HostOptions::max_busy) has no effect.
    ///
    /// # Errors
    /// The folder cannot be used.
    pub fn uninterrupted(cache_dir: &Path) -> Result<Self, HostError> {
        let (engine, linker) = engine::new(cache_dir)?;
        Ok(Self { engine, linker, ready: Mutex::default() })
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The files of `sources`, which are by the component's id: each compiled once, all at the same time.
    pub(crate) fn compile(&self, sources: &BTreeMap<String, PathBuf>) -> Result<Ready, HostError> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let missing: BTreeSet<&PathBuf> = sources.values().filter(|file| !ready.contains_key(*file)).collect();
        for (file, component) in all_at_once(&self.engine, missing) {
            let pre = component.and_then(|one| self.linker.instantiate_pre(&one).map_err(|error| format!("{error:#}")));
            let owner = sources.iter().find(|(_, source)| *source == file);
            let wrong = |message| HostError::Component {
                component: owner.map(|(id, _)| id.clone()).unwrap_or_default(),
                path: file.clone(),
                message,
            };
            ready.insert(file.clone(), pre.map_err(wrong)?);
        }
        Ok(sources.values().map(|file| (file.clone(), ready[file].clone())).collect())
    }
}

fn all_at_once<'a>(engine: &Engine, files: BTreeSet<&'a PathBuf>) -> Vec<(&'a PathBuf, Result<Component, String>)> {
    std::thread::scope(|scope| {
        let running: Vec<_> = files.into_iter().map(|file| (file, scope.spawn(|| engine::compile(engine, file)))).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|_| Err("the compiler panicked".to_owned()))
        };
        running.into_iter().map(|(file, thread)| (file, join(thread))).collect()
    })
}
