//! From a manifest to an application that can answer.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use tokio::sync::watch;
use wasmtime::Engine;
use wasmtime::component::InstancePre;
use wasmtime_wasi_http::handler::{ProxyHandler, ProxyPre};
use wasmtime_wasi_http::{p2, p3};

use crate::allowed_hosts::AllowedHosts;
use crate::app::App;
use crate::components::Components;
use crate::cron::{CronTask, HANDLER, Schedule};
use crate::error::HostError;
use crate::manifest::{self, HttpRoute, Manifest};
use crate::network::Network;
use crate::options::HostOptions;
use crate::pool::{InstancePool, Phase};
use crate::room::Room;
use crate::route::Router;
use crate::sqlite::Databases;
use crate::state::{Grant, GuestState, Services};
use crate::variables::{self, Variables};

/// The parts of a host that need no socket.
pub(crate) struct Assembly {
    pub(crate) app: Arc<App>,
    pub(crate) cron: Vec<CronTask>,
    pub(crate) rooms: Vec<Arc<Room>>,
}

/// Reads, checks and compiles everything. It takes as long as compiling does, on this thread and on
/// others.
pub(crate) fn assemble(options: &HostOptions, phase: watch::Receiver<Phase>) -> Result<Assembly, HostError> {
    let manifest = Manifest::read(&options.manifest)?;
    let in_manifest = |message: String| HostError::Manifest { path: options.manifest.clone(), message };
    let router = router(&manifest).map_err(in_manifest)?;
    let schedules = schedules(&manifest).map_err(in_manifest)?;
    let file = options.variables_file.as_deref().map(variables::read_file).transpose()?;
    let variables = Variables::resolve(&manifest, &options.variables, &file.unwrap_or_default())?;
    let grants = grants(&manifest, &variables).map_err(in_manifest)?;

    let folder = options.manifest.parent().unwrap_or(Path::new("")).to_owned();
    let services = Arc::new(services(options, &folder)?);
    let components = match &options.components {
        Some(components) => Arc::clone(components),
        None => Arc::new(Components::new(&options.cache_dir)?),
    };
    let sources = sources(&manifest, &folder);
    let pres = components.compile(&sources)?;

    let engine = components.engine().clone();
    let mut assembly = Assembler { options, engine, services, grants, sources, pres, phase, rooms: Vec::new() };
    let mut components = HashMap::new();
    for id in manifest.trigger.http.iter().map(|trigger| &trigger.component) {
        if !components.contains_key(id) {
            components.insert(id.clone(), ProxyHandler::new(assembly.pool(id)?));
        }
    }
    let mut cron = Vec::new();
    for (id, schedule) in schedules {
        cron.push(assembly.cron_task(&id, schedule)?);
    }
    let app = Arc::new(App { router, components, request_bytes_max: options.request_bytes_max, addr: OnceLock::new() });
    assembly.services.network.connect(&app);
    Ok(Assembly { app, cron, rooms: assembly.rooms })
}

fn router(manifest: &Manifest) -> Result<Router, String> {
    let mut router = Router::default();
    for trigger in &manifest.trigger.http {
        if let HttpRoute::Path(path) = &trigger.route {
            router.add(path, &trigger.component)?;
        }
    }
    Ok(router)
}

fn schedules(manifest: &Manifest) -> Result<Vec<(String, Schedule)>, String> {
    let triggers = manifest.trigger.cron.iter();
    triggers.map(|trigger| Ok((trigger.component.clone(), Schedule::parse(&trigger.cron_expression)?))).collect()
}

fn grants(manifest: &Manifest, variables: &Variables) -> Result<BTreeMap<String, Arc<Grant>>, String> {
    let components = manifest.component.iter();
    components
        .map(|(id, component)| {
            let grant = grant(id, component, variables).map_err(|message| format!("component.{id}: {message}"))?;
            Ok((id.clone(), Arc::new(grant)))
        })
        .collect()
}

fn grant(id: &str, component: &manifest::Component, variables: &Variables) -> Result<Grant, String> {
    let hosts = component.allowed_outbound_hosts.iter().map(|entry| variables.expand(entry)).collect::<Result<Vec<_>, _>>()?;
    let environment = component.environment.iter();
    Ok(Grant {
        component: id.into(),
        variables: variables.of(component)?,
        environment: environment.map(|(name, value)| (name.clone(), value.clone())).collect(),
        sqlite_databases: component.sqlite_databases.iter().cloned().collect(),
        key_value_stores: component.key_value_stores.iter().cloned().collect(),
        allowed_hosts: AllowedHosts::parse(&hosts)?,
    })
}

fn services(options: &HostOptions, folder: &Path) -> Result<Services, HostError> {
    let data_dir = options.data_dir.clone().unwrap_or_else(|| folder.join(".spin"));
    for dir in [&data_dir, &options.cache_dir] {
        std::fs::create_dir_all(dir).map_err(|source| HostError::Folder { path: dir.clone(), source })?;
    }
    Ok(Services {
        clock: Arc::clone(&options.clock),
        random: Arc::clone(&options.random),
        databases: Databases::new(data_dir, Arc::clone(&options.clock), options.shared_connections, options.database_bytes_max),
        faults: Arc::clone(&options.faults),
        network: Arc::new(Network::new(options.outbound_or_internet())),
        guest_log: Arc::clone(&options.guest_log),
        memory_bytes_max: options.memory_bytes_max,
        busy_max: options.busy_max,
    })
}

/// The files of the components that a trigger uses.
fn sources(manifest: &Manifest, folder: &Path) -> BTreeMap<String, PathBuf> {
    let http = manifest.trigger.http.iter().map(|trigger| &trigger.component);
    let cron = manifest.trigger.cron.iter().map(|trigger| &trigger.component);
    http.chain(cron).map(|id| (id.clone(), folder.join(&manifest.component[id].source))).collect()
}

/// Compiles each file once, all at the same time.
struct Assembler<'a> {
    options: &'a HostOptions,
    engine: Engine,
    services: Arc<Services>,
    grants: BTreeMap<String, Arc<Grant>>,
    sources: BTreeMap<String, PathBuf>,
    pres: HashMap<PathBuf, InstancePre<GuestState>>,
    phase: watch::Receiver<Phase>,
    rooms: Vec<Arc<Room>>,
}

impl Assembler<'_> {
    fn pool(&mut self, id: &str) -> Result<InstancePool, HostError> {
        let pre = self.pre(id);
        let pre = match p3::bindings::ServicePre::new(pre.clone()) {
            Ok(pre) => ProxyPre::P3(pre),
            Err(error) => match p2::bindings::ProxyPre::new(pre) {
                Ok(pre) => ProxyPre::P2(pre),
                Err(_) => return Err(self.wrong(id, format!("no HTTP handler: {error:#}"))),
            },
        };
        let room = Arc::new(Room::new(self.options.instances_max));
        self.rooms.push(Arc::clone(&room));
        Ok(InstancePool {
            engine: self.engine.clone(),
            pre,
            grant: Arc::clone(&self.grants[id]),
            services: Arc::clone(&self.services),
            room,
            request_timeout: self.options.request_timeout,
            phase: self.phase.clone(),
        })
    }

    fn cron_task(&self, id: &str, schedule: Schedule) -> Result<CronTask, HostError> {
        let pre = self.pre(id);
        if pre.component().get_export_index(None, HANDLER).is_none() {
            return Err(self.wrong(id, format!("no cron handler: it does not export `{HANDLER}`")));
        }
        Ok(CronTask {
            schedule,
            engine: self.engine.clone(),
            pre,
            grant: Arc::clone(&self.grants[id]),
            services: Arc::clone(&self.services),
            request_timeout: self.options.request_timeout,
        })
    }

    fn pre(&self, id: &str) -> InstancePre<GuestState> {
        self.pres[&self.sources[id]].clone()
    }

    fn wrong(&self, id: &str, message: String) -> HostError {
        HostError::Component { component: id.to_owned(), path: self.sources[id].clone(), message }
    }
}
