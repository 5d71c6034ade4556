//! A run: the world is made, the schedule is played, the faults stop, time runs on until all is quiet.

mod calm;
mod play;
mod prepare;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use clawstead_emulators::fly::Inside;
use clawstead_emulators::{FlyOptions, MachineView, Telegram, TelegramOptions, simulation};
use http::Request;
use serde_json::Value;
use tempfile::TempDir;

use crate::actors::{engine, external, timer};
use crate::clock::VirtualClock;
use crate::dice::Dice;
use crate::history::History;
use crate::host_lines;
use crate::plane::{Build, Plane, keys};
use crate::schedule::Step;
use crate::wire::{Link, PLANE, Parties, Side, Wire};

/// What parts of the world draw their numbers from.
mod parts {
    pub(super) const WIRE: u64 = 2;
    pub(super) const GUESTS: u64 = 3;
    pub(super) const WORKERS: u64 = 100;
}

/// How many workers of somebody's own there are.
const EXTERNAL_WORKERS: u64 = 2;

/// What a run left behind.
pub struct Remains {
    /// All that happened.
    pub history: History,
    /// The database, as it was at the end.
    pub database: PathBuf,
    /// Machines at Fly, also destroyed ones.
    pub machines: Vec<MachineView>,
    /// Volumes at Fly.
    pub volumes: Vec<clawstead_emulators::fly::VolumeView>,
    /// What Telegram did with updates.
    pub deliveries: Vec<clawstead_emulators::Delivery>,
    /// The secrets that were used: none may be in a log line.
    pub secrets: Vec<String>,
    /// When the faults stopped, ms of the host's wall clock.
    pub calm_ms: i64,
    /// When the run ended.
    pub end_ms: i64,
    /// How long it was, virtual ms.
    pub lasted_ms: u64,
    /// The most machines that a policy allowed at any time.
    pub machines_max: u64,
    /// What holds the database, until this is dropped.
    #[expect(dead_code, reason = "it is only held")]
    pub(crate) folder: TempDir,
}

/// What an actor was answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, if it is JSON.
    pub json: Value,
}

impl Answer {
    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// What actors find out and others need.
#[derive(Debug, Default)]
pub struct Known {
    /// The consumer app's key.
    pub api_key: String,
    /// Accepted messages.
    pub messages: Vec<String>,
    /// Everything that must not be in a log line.
    pub secrets: Vec<String>,
    /// The most machines that a policy allowed.
    pub machines_max: u64,
    /// The last id of a message of each bot: Telegram counts those of private chats by the bot.
    pub message_ids: std::collections::BTreeMap<i64, i64>,
}

/// The world of one run.
pub struct World {
    /// Its clock.
    pub clock: Arc<VirtualClock>,
    /// What happened.
    pub history: History,
    /// Its network.
    pub wire: Arc<Wire>,
    /// What is known in it.
    known: Mutex<Known>,
}

/// Plays a schedule against a build. The same three give the same history.
///
/// # Errors
/// The world could not be made; nothing that clawstead does is an error here.
pub fn run(build: &Build, seed: u64, schedule: &[Step]) -> Result<Remains> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(live(build, seed, schedule))
}

async fn live(build: &Build, seed: u64, schedule: &[Step]) -> Result<Remains> {
    let folder = tempfile::Builder::new().prefix("clawstead-sim").tempdir_in(fast_folder())?;
    let clock = Arc::new(VirtualClock::new());
    let _emulators = simulation::simulate(seed, {
        let clock = Arc::clone(&clock);
        move || i64::try_from(clock.outside_ms()).unwrap_or(i64::MAX)
    });
    let history = History::new(Arc::clone(&clock));
    let _lines = host_lines::collect(history.clone());
    let wire = Wire::new(Arc::clone(&clock), history.clone(), Dice::of(seed, parts::WIRE));
    let guests = Dice::of(seed, parts::GUESTS);
    let plane = Arc::new(Plane::new(build.clone(), folder.path().to_owned(), Arc::clone(&clock), guests, history.clone()));
    wire.connect(parties(&wire, &plane)?);
    let world = Arc::new(World { clock, history, wire, known: Mutex::default() });
    world.known().secrets = [keys::OPERATOR, keys::TICK, keys::FLY].map(str::to_owned).to_vec();
    plane.start(&world.wire).await?;

    let workers = world.prepare().await?;
    let mut actors = tokio::task::JoinSet::new();
    actors.spawn(timer::live(Arc::clone(&world)));
    for (number, worker) in (0..).zip(workers) {
        actors.spawn(external::live(Arc::clone(&world), worker, Dice::of(seed, parts::WORKERS + number)));
    }
    world.play(schedule).await;
    // Who is frozen cannot do anything yet about what was due meanwhile.
    world.clock.thawed().await;
    let calm_ms = wall(&world.clock);
    world.run_on().await?;
    actors.shutdown().await;
    let end_ms = wall(&world.clock);
    plane.kill().await;

    let parties = world.wire.parties();
    let known = std::mem::take(&mut *world.known());
    Ok(Remains {
        history: world.history.clone(),
        database: plane.database(),
        machines: parties.fly.machines(),
        volumes: parties.fly.volumes(),
        deliveries: parties.telegram.deliveries(),
        secrets: known.secrets,
        calm_ms,
        end_ms,
        lasted_ms: world.clock.elapsed_ms(),
        machines_max: known.machines_max,
        folder,
    })
}

/// Memory, where there is a folder for it: a run writes a database and throws it away.
fn fast_folder() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

fn wall(clock: &VirtualClock) -> i64 {
    i64::try_from(clock.wall_ms()).unwrap_or(i64::MAX)
}

fn parties(wire: &Arc<Wire>, plane: &Arc<Plane>) -> Result<Parties> {
    let side = |link| Arc::new(Side { wire: Arc::clone(wire), link });
    let telegram = TelegramOptions { known_chats_only: true, ..TelegramOptions::default() };
    let telegram = Telegram::in_process(telegram, side(Link::TelegramToPlane))?;
    let fly = FlyOptions {
        token: keys::FLY.to_owned(),
        start_delay: Duration::from_secs(3),
        stop_delay: Duration::from_secs(2),
        volume_release_delay: Duration::from_secs(4),
        ..FlyOptions::default()
    };
    let inside = Inside { engine: engine::engine(), web: Some(side(Link::WorkerToPlane)) };
    Ok(Parties { plane: Arc::clone(plane), telegram, fly: clawstead_emulators::Fly::in_process(fly, inside)? })
}

impl World {
    /// What is known; not to be held over an await.
    pub fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks clawstead as somebody; nothing when no answer came.
    pub async fn ask(&self, by: &Asking<'_>, body: Option<&Value>) -> Option<Answer> {
        let mut request = Request::builder().method(by.method).uri(format!("http://{PLANE}{}", by.path));
        if let Some(bearer) = &by.bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        if let Some(key) = &by.key {
            request = request.header("idempotency-key", key);
        }
        let bytes = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let request = request.header("content-type", "application/json").body(bytes).ok()?;
        let asked = tokio::time::timeout(Duration::from_secs(30), self.wire.carry(by.link, request)).await;
        let answer = asked.ok()?.ok()?;
        Some(Answer { status: answer.status().as_u16(), json: serde_json::from_slice(answer.body()).unwrap_or_default() })
    }

    /// Asks as the operator.
    pub async fn operate(&self, method: &str, path: &str, body: &Value) -> Option<Answer> {
        self.ask(&Asking::new(Link::OperatorToPlane, method, path).bearer(keys::OPERATOR), Some(body)).await
    }

    /// Asks as the operator until it is done.
    pub async fn insist(&self, method: &str, path: &str, body: &Value) -> Option<Value> {
        for _ in 0..40 {
            if let Some(answer) = self.operate(method, path, body).await
                && answer.is_success()
            {
                return Some(answer.json);
            }
            pause(3_000).await;
        }
        self.history.note(format_args!("gave up: {method} {path}"));
        None
    }
}

/// Who asks what.
#[derive(Debug, Clone)]
pub struct Asking<'a> {
    link: Link,
    method: &'a str,
    path: &'a str,
    bearer: Option<String>,
    key: Option<String>,
}

impl<'a> Asking<'a> {
    /// Without any credential.
    pub fn new(link: Link, method: &'a str, path: &'a str) -> Self {
        Self { link, method, path, bearer: None, key: None }
    }

    /// With this one.
    #[must_use]
    pub fn bearer(self, bearer: &str) -> Self {
        Self { bearer: Some(bearer.to_owned()), ..self }
    }

    /// With this idempotency key.
    #[must_use]
    pub fn key(self, key: String) -> Self {
        Self { key: Some(key), ..self }
    }
}

/// Lets virtual time pass.
pub async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}
