//! A Fly Machines API whose machines run the echo worker in this process.
//!
//! | control route | |
//! |---|---|
//! | `GET /sandbox/machines`, `GET /sandbox/volumes` | what there is; of environments only the names |
//! | `POST /sandbox/machines/{id}/kill?as=` | its host dies; it is left `stopped`, or as told |
//! | `POST /sandbox/machines/{id}/crash` | its process dies, and its restart policy applies |
//! | `POST /sandbox/faults` | a [`Fault`], `{capacity: {region, full}}`, `{exec: Script}` or `{clear: true}` |
//! | `POST /sandbox/weather` | a [`Weather`]: from now on, troubles come by seeded chance; `{clear: true}` of faults ends it |
//! | `POST /sandbox/limits` | `{on: true}`: Fly's limits of rate are kept, with 429 and `Retry-After` |
//! | `POST /sandbox/delays` | [`Delays`], in ms: how long things take; what is left out stays |
//!
//! As at Fly: names of living machines are unique in their app (409); a running machine is not deleted without force, nor a
//! volume that is bound (412); a wait that is too long ends in 408; a copy of a volume is complete some time after it was
//! begun; a lease keeps others from changing a machine (409); metadata and configuration are compared with a version (412);
//! a command that failed is a 200 with its exit code; a process that fails is started again as its restart policy says.

mod actions;
mod answer;
mod apps;
mod capacity;
mod documents;
mod exec;
mod gate;
mod leases;
mod lifecycle;
mod limits;
mod machines;
mod metadata;
mod orgs;
mod processes;
mod sandbox;
mod state;
mod validation;
mod volumes;
mod waiting;
mod weather;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, Response};
use axum::routing::{get, post, put};
use axum::{Router, middleware};

use crate::faults::{Fault, Faults};
use crate::server::{self, Bound, Server};
use crate::store::Store;
use crate::tasks::Tasks;
use crate::web::Web;
use crate::worker::Engine;
use exec::Scripts;
use limits::Limits;
use processes::Processes;
use state::State;
use weather::Sky;

pub use documents::{EventView, MachineView, VolumeView};
pub use exec::Script;
pub use sandbox::Delays;
pub use state::MachineState;
pub use weather::Weather;

/// How the emulator listens, whom it lets in, and how long things take.
#[derive(Clone, Debug)]
pub struct FlyOptions {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The only bearer token that is let in.
    pub token: String,
    /// How many machines may live at once; with 0 none can be created.
    pub machines_max: Option<usize>,
    /// Added to the environment of every worker process, for the sandbox only.
    pub worker_env: BTreeMap<String, String>,
    /// From created to started.
    pub start_delay: Duration,
    /// From the end of the process to stopped, and from destroying to destroyed.
    pub stop_delay: Duration,
    /// How long a volume stays bound after its machine was destroyed.
    pub volume_release_delay: Duration,
    /// From the beginning of a copy of a volume to its completion.
    pub snapshot_delay: Duration,
    /// Whether Fly's limits of rate are kept from the start.
    pub limits: bool,
    /// Machines and volumes may be created in apps that nobody created: the app comes into being.
    pub any_app: bool,
    /// Where apps, machines and volumes are kept between runs.
    pub state_file: Option<PathBuf>,
}

impl Default for FlyOptions {
    fn default() -> FlyOptions {
        FlyOptions {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            token: "fly-sandbox-token".to_owned(),
            machines_max: None,
            worker_env: BTreeMap::new(),
            start_delay: Duration::from_millis(50),
            stop_delay: Duration::from_millis(50),
            volume_release_delay: Duration::from_millis(200),
            snapshot_delay: Duration::ZERO,
            limits: false,
            any_app: true,
            state_file: None,
        }
    }
}

/// What is inside of machines.
#[derive(Clone)]
pub struct Inside {
    /// What the workers think with.
    pub engine: Engine,
    /// How the workers reach what they talk to; nothing for sockets.
    pub web: Option<Arc<dyn Web>>,
}

impl Default for Inside {
    fn default() -> Inside {
        Inside { engine: Engine::echo(), web: None }
    }
}

/// What all requests and machines share.
pub(crate) struct Shared {
    pub(crate) store: Arc<Store<State>>,
    pub(crate) options: FlyOptions,
    pub(crate) processes: Processes,
    pub(crate) scripts: Scripts,
    pub(crate) tasks: Tasks,
    pub(crate) inside: Inside,
    pub(crate) limits: Limits,
    pub(crate) sky: Sky,
    delays: Mutex<Delays>,
    faults: Mutex<Faults>,
}

impl Shared {
    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long things take at the moment.
    pub(crate) fn delays(&self) -> Delays {
        *self.delays.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_delays(&self, delays: Delays) {
        self.delays.lock().unwrap_or_else(PoisonError::into_inner).set(delays);
    }
}

/// A running Fly emulator.
pub struct Fly {
    shared: Arc<Shared>,
    router: Router,
    server: Option<Server>,
}

impl Fly {
    /// Starts to listen; machines that were started in an earlier run are started again.
    pub async fn start(options: FlyOptions) -> anyhow::Result<Fly> {
        let bound = Bound::to(options.listen).await?;
        let mut fly = Fly::in_process(options, Inside::default())?;
        fly.server = Some(bound.serve(fly.router.clone()));
        Ok(fly)
    }

    /// Starts without a socket: requests come by [`call`](Self::call).
    pub fn in_process(options: FlyOptions, inside: Inside) -> anyhow::Result<Fly> {
        let store = Store::open(options.state_file.clone())?;
        let shared = Arc::new(Shared {
            store: store.clone(),
            limits: Limits::default(),
            sky: Sky::default(),
            delays: Mutex::new(Delays::of(&options)),
            options,
            processes: Processes::default(),
            scripts: Scripts::default(),
            tasks: Tasks::default(),
            inside,
            faults: Mutex::default(),
        });
        shared.limits.set(shared.options.limits);
        shared.tasks.spawn(store.keep_saved());
        lifecycle::resume(&shared);
        Ok(Fly { router: router(&shared), shared, server: None })
    }

    /// Answers one request without a socket.
    pub async fn call(&self, request: Request<Bytes>) -> Response<Bytes> {
        server::call(&self.router, request).await
    }

    /// The address to use instead of `https://api.machines.dev`, without `/v1`; empty without a socket.
    pub fn base_url(&self) -> String {
        self.server.as_ref().map(Server::base_url).unwrap_or_default()
    }

    /// All machines, also destroyed ones, in the order they were created.
    pub fn machines(&self) -> Vec<MachineView> {
        self.shared.store.read(documents::machine_views)
    }

    /// All volumes that exist.
    pub fn volumes(&self) -> Vec<VolumeView> {
        self.shared.store.read(documents::volume_views)
    }

    /// Waits until `enough` says yes to the machines; `None` when it did not within `limit`.
    pub async fn machines_when(&self, limit: Duration, enough: impl Fn(&[MachineView]) -> bool) -> Option<Vec<MachineView>> {
        let look = |state: &State| Some(documents::machine_views(state)).filter(|all| enough(all));
        self.shared.store.wait_for(limit, look).await
    }

    /// The machine dies as if its host had: the process is gone at once and nothing restarts it.
    pub fn kill(&self, machine_id: &str) {
        lifecycle::die(&self.shared, machine_id, MachineState::Stopped);
    }

    /// The process of the machine crashes; the machine's restart policy decides what follows.
    pub fn crash(&self, machine_id: &str) {
        lifecycle::crash(&self.shared, machine_id);
    }

    /// Makes coming requests meet a trouble.
    pub fn fault(&self, fault: Fault) {
        self.shared.faults().add(fault);
    }

    /// From now on, troubles come by chance; with none, no more.
    pub fn set_weather(&self, weather: Option<Weather>) {
        match weather {
            Some(weather) => self.shared.sky.set(weather),
            None => self.shared.sky.clear(),
        }
    }

    /// How many requests and processes have met bad weather.
    pub fn troubles(&self) -> u64 {
        self.shared.sky.troubles()
    }

    /// Changes how long things take.
    pub fn set_delays(&self, delays: Delays) {
        self.shared.set_delays(delays);
    }

    /// Makes a region refuse new machines and volumes, or take them again.
    pub fn fill_region(&self, region: &str, full: bool) {
        self.shared.store.change(|state| capacity::fill(state, region, full));
    }

    /// Says what coming commands on machines answer.
    pub fn script(&self, script: Script) {
        self.shared.scripts.add(script);
    }

    /// Ends the listener and all workers at once, and writes the state file.
    pub async fn stop(self) {
        if let Some(server) = self.server {
            server.stop().await;
        }
        self.shared.tasks.stop().await;
        if let Err(error) = self.shared.store.save() {
            tracing::warn!(%error, "Fly state not saved");
        }
    }
}

fn router(shared: &Arc<Shared>) -> Router {
    let machine = Router::new()
        .route("/", get(machines::show).post(machines::update).delete(machines::destroy))
        .route("/start", post(actions::start))
        .route("/stop", post(actions::stop))
        .route("/restart", post(actions::restart))
        .route("/cordon", post(actions::cordon))
        .route("/uncordon", post(actions::uncordon))
        .route("/events", get(actions::events))
        .route("/wait", get(waiting::wait))
        .route("/exec", post(exec::run))
        .route("/lease", get(leases::show).post(leases::take).delete(leases::release))
        .route("/metadata", get(metadata::list).put(metadata::merge).patch(metadata::merge))
        .route("/metadata/{key}", get(metadata::show).post(metadata::set).delete(metadata::remove));
    let api = Router::new()
        .route("/apps", get(apps::list).post(apps::create))
        .route("/apps/{app}", get(apps::show).delete(apps::destroy))
        .route("/apps/{app}/machines", get(machines::list).post(machines::create))
        .nest("/apps/{app}/machines/{machine}", machine)
        .route("/apps/{app}/volumes", get(volumes::list).post(volumes::create))
        .route("/apps/{app}/volumes/{volume}", get(volumes::show).delete(volumes::destroy))
        .route("/apps/{app}/volumes/{volume}/extend", put(volumes::extend))
        .route("/apps/{app}/volumes/{volume}/snapshots", get(volumes::list_snapshots).post(volumes::take_snapshot))
        .route("/orgs/{org}/machines", get(orgs::machines))
        .route("/orgs/{org}/volumes", get(orgs::volumes))
        .fallback(answer::no_such_route)
        .layer(middleware::from_fn_with_state(shared.clone(), gate::pass));
    Router::new()
        .nest("/v1", api)
        .route("/sandbox/machines", get(sandbox::machines))
        .route("/sandbox/machines/{machine}/kill", post(sandbox::kill))
        .route("/sandbox/machines/{machine}/crash", post(sandbox::crash))
        .route("/sandbox/volumes", get(sandbox::volumes))
        .route("/sandbox/faults", post(sandbox::set_fault))
        .route("/sandbox/weather", post(sandbox::set_weather))
        .route("/sandbox/limits", post(sandbox::set_limits))
        .route("/sandbox/delays", post(sandbox::set_delays))
        .with_state(shared.clone())
}
