//! Wasmtime: its settings, the interfaces it offers, and compiled components.

use std::path::Path;
use std::time::Duration;
use wasmtime::component::{Component, Linker};
use wasmtime::{Cache, CacheConfig, Config, Engine, OptLevel};

use crate::bindings::spin;
use crate::clock;
use crate::error::HostError;
use crate::key_value::{HostKeyValue, KeyValueView};
use crate::sqlite::{HostSqlite, SqliteView};
use crate::state::GuestState;
use crate::variables::{HostVariables, VariablesView};

/// How long a busy guest may keep a thread before it must give way.
pub(crate) const EPOCH_TICK: Duration = Duration::from_millis(20);

/// An engine whose compiled code is kept in `cache_dir`, and its linker.
///
/// # Errors
/// The folder cannot be used.
pub(crate) fn new(cache_dir: &Path) -> Result<(Engine, Linker<GuestState>), HostError> {
    let wrong = |error: wasmtime::Error| HostError::Engine(format!("{error:#}"));
    let mut cache = CacheConfig::new();
    cache.with_directory(cache_dir);
    let mut config = Config::new();
    config
        .wasm_component_model_async(true)
        .cranelift_opt_level(OptLevel::Speed)
        .memory_init_cow(true)
        .epoch_interruption(true)
        .cache(Some(Cache::new(cache).map_err(wrong)?));
    let engine = Engine::new(&config).map_err(wrong)?;
    let linker = linker(&engine).map_err(wrong)?;
    Ok((engine, linker))
}

/// Advances the engine's epoch once a tick, as long as the engine is in use.
pub(crate) fn start_epochs(engine: &Engine) -> Result<(), HostError> {
    let engine = engine.weak();
    let ticks = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(EPOCH_TICK);
        }
    };
    let spawned = std::thread::Builder::new().name("host-epoch".to_owned()).spawn(ticks);
    spawned.map(drop).map_err(|error| HostError::Engine(format!("timer thread: {error}")))
}

fn linker(engine: &Engine) -> wasmtime::Result<Linker<GuestState>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    clock::link(&mut linker)?;
    spin::sqlite::sqlite::add_to_linker::<_, HostSqlite>(&mut linker, |state| SqliteView(state))?;
    spin::key_value::key_value::add_to_linker::<_, HostKeyValue>(&mut linker, |state| KeyValueView(state))?;
    spin::variables::variables::add_to_linker::<_, HostVariables>(&mut linker, |state| VariablesView(&state.grant))?;
    Ok(linker)
}

/// Compiles the component in the file `path`, or finds it compiled.
///
/// # Errors
/// Says why the file cannot be used.
pub(crate) fn compile(engine: &Engine, path: &Path) -> Result<Component, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    Component::new(engine, bytes).map_err(|error| format!("{error:#}"))
}
