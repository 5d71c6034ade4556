//! What the host knows about one guest instance.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store, StoreLimits, StoreLimitsBuilder, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::allowed_hosts::AllowedHosts;
use crate::clock::{Clock, WasiClock};
use crate::engine::EPOCH_TICK;
use crate::faults::Faults;
use crate::guest_log::{GuestLog, GuestOutput};
use crate::guest_network::GuestNetwork;
use crate::network::Network;
use crate::random::{Random, WasiRandom};
use crate::sqlite::Databases;

/// What the manifest gives one component.
pub(crate) struct Grant {
    pub(crate) component: Arc<str>,
    pub(crate) variables: HashMap<String, String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) sqlite_databases: HashSet<String>,
    pub(crate) key_value_stores: HashSet<String>,
    pub(crate) allowed_hosts: AllowedHosts,
}

/// What all components of a host share.
pub(crate) struct Services {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) databases: Databases,
    pub(crate) faults: Arc<dyn Faults>,
    pub(crate) network: Arc<Network>,
    pub(crate) guest_log: GuestLog,
    /// Of each linear memory.
    pub(crate) memory_bytes_max: usize,
    pub(crate) busy_max: Duration,
}

/// The data of a store.
pub(crate) struct GuestState {
    pub(crate) grant: Arc<Grant>,
    pub(crate) services: Arc<Services>,
    pub(crate) table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    network: GuestNetwork,
    limits: StoreLimits,
    /// In the component's room; given back when the store goes.
    _place: Option<OwnedSemaphorePermit>,
}

/// A store for one instance of the component that `grant` is for.
pub(crate) fn new_store(
    engine: &Engine,
    grant: &Arc<Grant>,
    services: &Arc<Services>,
    place: Option<OwnedSemaphorePermit>,
) -> Store<GuestState> {
    let state = GuestState {
        grant: Arc::clone(grant),
        services: Arc::clone(services),
        table: ResourceTable::new(),
        wasi: wasi(grant, services),
        http: WasiHttpCtx::new(),
        network: GuestNetwork::new(Arc::clone(grant), Arc::clone(&services.network)),
        limits: StoreLimitsBuilder::new().memory_size(services.memory_bytes_max).build(),
        _place: place,
    };
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.limits);
    interrupt_when_busy(&mut store, services.busy_max);
    store
}

fn wasi(grant: &Grant, services: &Services) -> WasiCtx {
    let random = || WasiRandom(Arc::clone(&services.random));
    let output = || GuestOutput::new(Arc::clone(&grant.component), Arc::clone(&services.guest_log));
    WasiCtx::builder()
        .envs(&grant.environment)
        .stdout(output())
        .stderr(output())
        .wall_clock(WasiClock(Arc::clone(&services.clock)))
        .monotonic_clock(WasiClock(Arc::clone(&services.clock)))
        .secure_random(random())
        .insecure_random(random())
        .insecure_random_seed(random().seed())
        .allow_tcp(false)
        .allow_udp(false)
        .build()
}

/// Makes the guest give way to others once in a tick, and traps it when it has been running at
/// every tick for `busy_max`, which only a guest that never waits can do.
fn interrupt_when_busy(store: &mut Store<GuestState>, busy_max: Duration) {
    let mut busy_since = Instant::now();
    let mut last_seen = busy_since;
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        let now = Instant::now();
        if now - last_seen > EPOCH_TICK * 3 {
            busy_since = now;
        }
        last_seen = now;
        if now - busy_since > busy_max {
            return Err(wasmtime::Error::msg(format!("ran for {busy_max:?} without waiting")));
        }
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
    });
}

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for GuestState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.network }
    }
}
