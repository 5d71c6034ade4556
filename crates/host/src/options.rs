//! What a caller can choose.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::components::Components;
use crate::error::HostError;
use crate::faults::{Faults, NoFaults};
use crate::guest_log::{GuestLog, standard_error};
use crate::host::Host;
use crate::internet::Internet;
use crate::outbound::Outbound;
use crate::random::{Random, SystemRandom};

/// How to run an application. Begin with [`new`](Self::new), end with [`start`](Self::start).
#[must_use]
pub struct HostOptions {
    pub(crate) manifest: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) listener: Option<TcpListener>,
    pub(crate) has_socket: bool,
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) cache_dir: PathBuf,
    pub(crate) components: Option<Arc<Components>>,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) variables_file: Option<PathBuf>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) outbound: Option<Arc<dyn Outbound>>,
    pub(crate) shared_connections: bool,
    pub(crate) database_bytes_max: Option<u64>,
    pub(crate) faults: Arc<dyn Faults>,
    pub(crate) guest_log: GuestLog,
    pub(crate) request_bytes_max: u64,
    pub(crate) memory_bytes_max: usize,
    pub(crate) instances_max: u32,
    pub(crate) request_timeout: Duration,
    pub(crate) busy_max: Duration,
}

impl HostOptions {
    /// The application of this `spin.toml`, with the defaults that each method names.
    pub fn new(manifest: impl Into<PathBuf>) -> Self {
        Self {
            manifest: manifest.into(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            listener: None,
            has_socket: true,
            data_dir: None,
            cache_dir: std::env::temp_dir().join("clawstead-host-cache"),
            components: None,
            variables: BTreeMap::new(),
            variables_file: None,
            clock: Arc::new(SystemClock::new()),
            random: Arc::new(SystemRandom),
            outbound: None,
            shared_connections: false,
            database_bytes_max: None,
            faults: Arc::new(NoFaults),
            guest_log: standard_error(),
            request_bytes_max: 16 << 20,
            memory_bytes_max: 256 << 20,
            instances_max: 128,
            request_timeout: Duration::from_secs(300),
            busy_max: Duration::from_secs(30),
        }
    }

    /// Where to listen. By default a free port of 127.0.0.1.
    pub fn listen(mut self, addr: SocketAddr) -> Self {
        self.listen = addr;
        self
    }

    /// A socket that listens already, in place of [`listen`](Self::listen): for who must know the port before the start, and must not lose it
    /// to somebody else meanwhile.
    pub fn listener(mut self, listener: TcpListener) -> Self {
        self.listener = Some(listener);
        self
    }

    /// Listens nowhere: requests come by [`Host::request`] only. A guest is still told the address of
    /// [`listen`](Self::listen).
    pub fn without_socket(mut self) -> Self {
        self.has_socket = false;
        self
    }

    /// The folder for databases and key-value stores; made if missing. By default `.spin` beside
    /// the manifest.
    pub fn data_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(dir.into());
        self
    }

    /// The folder for compiled components; made if missing, safe to delete and to share. By default
    /// `clawstead-host-cache` in the system's folder for temporary files.
    pub fn cache_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.cache_dir = dir.into();
        self
    }

    /// Takes compiled components from here, and leaves those that it compiles; the folder of
    /// [`cache_dir`](Self::cache_dir) is then not used. For those who start many hosts.
    pub fn components(mut self, components: Arc<Components>) -> Self {
        self.components = Some(components);
        self
    }

    /// Gives one of the manifest's `[variables]` a value, before the environment
    /// (`SPIN_VARIABLE_<UPPER_NAME>`), the variables file and the default.
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// A file of variables and values: TOML, or JSON if its name ends in `.json`.
    pub fn variables_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.variables_file = Some(path.into());
        self
    }

    /// The clock of guests, cron triggers and database locks. By default the computer's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The dice of guests. By default the operating system's.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// What takes guests' requests to the world outside. By default [`Internet`].
    pub fn outbound(mut self, outbound: Arc<dyn Outbound>) -> Self {
        self.outbound = Some(outbound);
        self
    }

    /// Whether guests share connections to their databases, which makes several writers of one database some times faster. A guest
    /// that begins a transaction, makes a temporary table or changes a setting gets a connection of its own. What it can notice is
    /// that the SQL functions `changes()` and `last_insert_rowid()` know nothing of its earlier statements; the calls of
    /// the interface do. By default not: as in Spin, each `open` is a connection.
    pub fn shared_connections(mut self, shared: bool) -> Self {
        self.shared_connections = shared;
        self
    }

    /// How large a database file may become, bytes. What would make it larger fails as it does when the disk is full. By default SQLite's
    /// own limit.
    pub fn max_database_bytes(mut self, bytes: u64) -> Self {
        self.database_bytes_max = Some(bytes);
        self
    }

    /// What goes wrong between guests and their databases. By default nothing.
    pub fn faults(mut self, faults: Arc<dyn Faults>) -> Self {
        self.faults = faults;
        self
    }

    /// What takes the lines that guests print. By default they go to standard error as they are.
    pub fn guest_log(mut self, log: GuestLog) -> Self {
        self.guest_log = log;
        self
    }

    /// The largest request body in bytes; a larger one is answered 413. By default 16 MiB.
    pub fn max_request_bytes(mut self, bytes: u64) -> Self {
        self.request_bytes_max = bytes;
        self
    }

    /// The largest memory of an instance in bytes. By default 256 MiB.
    pub fn max_memory_bytes(mut self, bytes: usize) -> Self {
        self.memory_bytes_max = bytes;
        self
    }

    /// How many instances of each component may exist; requests beyond wait, as long
    /// as [`request_timeout`](Self::request_timeout), and are then answered 503. By default 128.
    pub fn max_instances(mut self, instances: u32) -> Self {
        self.instances_max = instances;
        self
    }

    /// How long a request, what a component does after it, or a cron tick may take. By default 5
    /// minutes.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// How long a guest may compute without waiting for anything. By default 30 s.
    pub fn max_busy(mut self, time: Duration) -> Self {
        self.busy_max = time;
        self
    }

    /// Compiles the components and starts serving.
    ///
    /// # Errors
    /// Anything in the manifest, its variables or its files that keeps the application from running.
    pub async fn start(self) -> Result<Host, HostError> {
        Host::start(self).await
    }

    pub(crate) fn outbound_or_internet(&self) -> Arc<dyn Outbound> {
        self.outbound.clone().unwrap_or_else(|| Arc::new(Internet::new()))
    }
}
