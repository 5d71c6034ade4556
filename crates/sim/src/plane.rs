//! clawstead: the host with the built components, which can be killed and started again on the same database.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, anyhow};
use bytes::Bytes;
use clawstead_emulators::web::WebError;
use clawstead_host::{Components, Fault, Faults, Host, HostOptions, Statement, body, collect};
use http::{Request, Response};
use tokio::sync::watch;

use crate::clock::VirtualClock;
use crate::dice::Dice;
use crate::history::{History, Place};
use crate::met::{self, Moment};
use crate::schedule::{StatementFault, Statements};
use crate::wire::{PLANE, WayOut, Wire};

/// The components that run, and their manifest.
#[derive(Clone)]
pub struct Build {
    /// The manifest.
    pub manifest: PathBuf,
    /// Compiled once in this process.
    pub components: Arc<Components>,
    /// Variables beside those that every run sets.
    pub variables: Vec<(String, String)>,
}

impl Build {
    /// What `cargo xtask build` made.
    ///
    /// # Errors
    /// The engine cannot be set up.
    pub fn shipped() -> Result<Self> {
        Self::of(workspace_file("spin.toml"))
    }

    /// Components that can be broken on purpose, by [`making`](Self::making).
    ///
    /// # Errors
    /// They are not built, or the engine cannot be set up.
    pub fn mutated() -> Result<Self> {
        let folder = workspace_file("target/wasm32-wasip2/mistakes");
        let shipped = std::fs::read_to_string(workspace_file("spin.toml"))?;
        let manifest = folder.join("spin.toml");
        let built = || anyhow!("they are not built: `cargo xtask build --mistakes` builds them");
        // Several processes may do this at once, and each must find it whole.
        let mut file = tempfile::NamedTempFile::new_in(&folder).with_context(built)?;
        file.write_all(with_mutations(&shipped)?.as_bytes())?;
        file.persist(&manifest)?;
        Self::of(manifest)
    }

    /// The same, with this mistake.
    #[must_use]
    pub fn making(&self, mutation: &str) -> Self {
        Self { variables: vec![("mutation".to_owned(), mutation.to_owned())], ..self.clone() }
    }

    /// What this manifest names.
    ///
    /// # Errors
    /// The engine cannot be set up.
    pub fn of(manifest: PathBuf) -> Result<Self> {
        let components = Components::uninterrupted(&workspace_file("target/component-cache"))?;
        Ok(Self { manifest, components: Arc::new(components), variables: Vec::new() })
    }
}

/// The manifest of the components that can be broken on purpose: they stand beside it, and know the variable `mutation`.
fn with_mutations(manifest: &str) -> Result<String> {
    let mut manifest: toml::Table = manifest.parse()?;
    let empty = toml::Value::Table([("default".to_owned(), "".into())].into_iter().collect());
    let table = |value: Option<&mut toml::Value>| value.and_then(|value| value.as_table_mut().map(std::mem::take));
    let mut variables = table(manifest.get_mut("variables")).context("a manifest has variables")?;
    variables.insert("mutation".to_owned(), empty);
    manifest.insert("variables".to_owned(), variables.into());
    let components = manifest.get_mut("component").and_then(|value| value.as_table_mut()).context("a manifest has components")?;
    for (_, component) in components.iter_mut() {
        let component = component.as_table_mut().context("a component is a table")?;
        let source = component.get("source").and_then(|source| source.as_str()).unwrap_or_default();
        let file = source.rsplit('/').next().unwrap_or_default().to_owned();
        component.insert("source".to_owned(), file.into());
        let mut variables = table(component.get_mut("variables")).unwrap_or_default();
        variables.insert("mutation".to_owned(), "{{ mutation }}".into());
        component.insert("variables".to_owned(), variables.into());
    }
    Ok(manifest.to_string())
}

/// A file of this workspace, by its path from the root.
pub fn workspace_file(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().unwrap_or(root).join(path)
}

/// The keys that clawstead is started with: the same in every run, and nowhere else.
pub mod keys {
    /// Opens everything under `/v1`.
    pub const OPERATOR: &str = "operator_simulated_4f1c2a9be07d";
    /// Opens the tick route.
    pub const TICK: &str = "tick_simulated_93ab5e1170cd";
    /// The master key of the vault.
    pub const VAULT: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    /// Opens Fly.
    pub const FLY: &str = "fly_simulated_token_c0ffee4242";
}

/// Statements that are to go wrong: the first of some after so many that go well.
#[derive(Debug, Clone)]
pub struct Ambush {
    /// Which.
    pub which: Statements,
    /// So many go well before.
    pub skip: u64,
    /// What then happens.
    pub fault: StatementFault,
    /// To so many.
    pub times: u64,
}

/// The faults between components and their database.
pub struct Ambushes {
    clock: Arc<VirtualClock>,
    history: History,
    waiting: Mutex<Vec<Ambush>>,
    /// How many statements so far were to write.
    writes: AtomicU64,
}

impl Ambushes {
    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Ambush>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Faults for Ambushes {
    fn statement(&self, statement: &Statement<'_>) -> Option<Fault> {
        let moment = Moment::of(statement);
        self.writes.fetch_add(u64::from(moment.writes()), Ordering::Relaxed);
        if let Some(left) = self.clock.frozen_for() {
            self.history.met(met::FROZEN.to_owned());
            return Some(Fault::Late(left));
        }
        let component = statement.component;
        let mut waiting = self.waiting();
        let fits = |ambush: &Ambush| match ambush.which {
            Statements::Of(of) => of.is_empty() || of == component,
            Statements::Appends(of) => moment.event().is_some() && of == component,
            Statements::Events(event) => moment.event() == Some(event),
        };
        let at = waiting.iter().position(fits)?;
        let ambush = &mut waiting[at];
        if ambush.skip > 0 {
            ambush.skip -= 1;
            return None;
        }
        let fault = ambush.fault;
        ambush.times = ambush.times.saturating_sub(1);
        if ambush.times == 0 {
            waiting.remove(at);
        }
        drop(waiting);
        let words: Vec<&str> = statement.sql.split_whitespace().take(4).collect();
        self.history.note(format_args!(
            "ambush {component} {fault:?} at {} {}",
            words.join(" "),
            moment.event().unwrap_or_default()
        ));
        self.history.mishap(fault.place(), self.clock.wall_ms());
        self.history.met(met::at_a_statement(fault, moment.name(component)));
        Some(fault.fault())
    }
}

/// A clawstead that can be killed.
pub struct Plane {
    build: Build,
    folder: PathBuf,
    clock: Arc<VirtualClock>,
    dice: Arc<Dice>,
    history: History,
    /// Whether guests share connections, as on the host of `up`.
    shares: bool,
    ambushes: Arc<Ambushes>,
    host: Mutex<Option<Arc<Host>>>,
    /// Grows with every kill.
    killed: watch::Sender<u64>,
}

impl Plane {
    /// One that is not started yet. Every second one, by the dice, has its guests share connections.
    pub fn new(build: Build, folder: PathBuf, clock: Arc<VirtualClock>, dice: Dice, history: History) -> Self {
        let ambushes = Ambushes {
            clock: Arc::clone(&clock),
            history: history.clone(),
            waiting: Mutex::default(),
            writes: AtomicU64::new(0),
        };
        Self {
            build,
            folder,
            clock,
            shares: dice.one_in(2),
            dice: Arc::new(dice),
            history,
            ambushes: Arc::new(ambushes),
            host: Mutex::default(),
            killed: watch::Sender::new(0),
        }
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.folder.join("default.db")
    }

    fn host(&self) -> std::sync::MutexGuard<'_, Option<Arc<Host>>> {
        self.host.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts it, on whatever the database holds.
    ///
    /// # Errors
    /// The components are not built, or not for this host.
    pub async fn start(&self, wire: &Arc<Wire>) -> Result<()> {
        let history = self.history.clone();
        let mut options = HostOptions::new(&self.build.manifest)
            .without_socket()
            .data_dir(&self.folder)
            .shared_connections(self.shares)
            .components(Arc::clone(&self.build.components))
            .clock(Arc::clone(&self.clock) as _)
            .random(Arc::clone(&self.dice) as _)
            .faults(Arc::clone(&self.ambushes) as _)
            .outbound(Arc::new(WayOut(Arc::clone(wire))))
            .guest_log(Arc::new(move |component, line| history.guest_line(component, line)))
            .variable("operator_key", keys::OPERATOR)
            .variable("tick_key", keys::TICK)
            .variable("vault_keys", keys::VAULT)
            .variable("fly_api_token", keys::FLY)
            .variable("durability", "normal")
            .variable("public_url", format!("http://{PLANE}"))
            .variable("telegram_api_url", format!("http://{}", crate::wire::TELEGRAM))
            .variable("fly_api_url", format!("http://{}", crate::wire::FLY));
        for (name, value) in &self.build.variables {
            options = options.variable(name, value);
        }
        let host = options.start().await.context("the host does not start; are the components built?")?;
        *self.host() = Some(Arc::new(host));
        Ok(())
    }

    /// Whether it runs.
    pub fn is_up(&self) -> bool {
        self.host().is_some()
    }

    /// Ends it as a killed process ends: whoever waits for an answer gets none.
    pub async fn kill(&self) {
        let Some(host) = self.host().take() else { return };
        self.history.mishap(Place::Process, self.clock.wall_ms());
        self.killed.send_modify(|times| *times += 1);
        host.kill().await;
    }

    /// Has statements go wrong.
    pub fn ambush(&self, ambush: Ambush) {
        self.ambushes.waiting().push(ambush);
    }

    /// How many statements so far were to write.
    pub fn writes(&self) -> u64 {
        self.ambushes.writes.load(Ordering::Relaxed)
    }

    /// No more of that.
    pub fn calm(&self) {
        self.ambushes.waiting().clear();
    }

    /// Freezes it.
    pub async fn freeze(&self, ms: u64) {
        let from_ms = self.clock.wall_ms();
        self.clock.freeze(ms);
        self.clock.thawed().await;
        self.history.mishap(Place::Process, from_ms);
    }

    /// Asks it.
    ///
    /// # Errors
    /// It is not there, or was killed meanwhile.
    pub async fn ask(&self, request: Request<Bytes>) -> Result<Response<Bytes>, WebError> {
        let Some(host) = self.host().clone() else { return Err(WebError::Refused) };
        let mut killed = self.killed.subscribe();
        let answer = async {
            if self.clock.frozen_for().is_some() {
                self.history.met(met::FROZEN.to_owned());
            }
            self.clock.thawed().await;
            let (parts, answer) = host.request(request.map(body)).await.into_parts();
            let answer = collect(answer).await.map(|answer| Response::from_parts(parts, answer)).map_err(|_| WebError::Closed);
            self.clock.thawed().await;
            answer
        };
        tokio::select! {
            biased;
            _ = killed.changed() => Err(WebError::Closed),
            answer = answer => answer,
        }
    }
}
