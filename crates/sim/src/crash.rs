//! The host killed under load, on real files, in real time.
//!
//! A simulation ends the host at instants of its own choosing and closes the database properly. Here a process ends by `SIGKILL`
//! wherever it is, also in the middle of a write, and SQLite has to make sense of what it finds. What is promised is the same, and so
//! is the checker.

pub mod client;
pub mod load;
pub mod process;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tempfile::TempDir;

use crate::check::{Violation, check_without_machines, tally};
use crate::clock::VirtualClock;
use crate::crash::client::now_ms;
use crate::crash::load::Load;
use crate::crash::process::{LOG, Process};
use crate::dice::Dice;
use crate::history::History;
use crate::world::Remains;

/// How long a host lives, ms.
const LIFE_MS: (u64, u64) = (20, 700);

/// What a run came to.
pub struct Outcome {
    /// What is left.
    pub remains: Remains,
    /// Every promise that was not kept.
    pub broken: Vec<Violation>,
    /// How long each start took, ms.
    pub starts_ms: Vec<u128>,
}

/// Kills a host so often, and checks what is left.
///
/// # Errors
/// It does not start any more, or what was accepted is not worked off.
pub async fn run(program: &Path, kills: u64, seed: u64) -> Result<Outcome> {
    let stage = Stage::new()?;
    let dice = Dice::of(seed, 3_000);
    let mut host = Process::new(program, stage.folder());
    let mut starts_ms = Vec::new();
    host.start(None).await?;
    let load = Load::begin(vec![host.address()], stage.history.clone(), seed).await?;
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(dice.between(LIFE_MS.0, LIFE_MS.1))).await;
        host.kill().await?;
        let since = Instant::now();
        host.start(None).await?;
        starts_ms.push(since.elapsed().as_millis());
    }
    let secrets = load.secrets.clone();
    load.drain().await?;
    host.kill().await?;
    let (remains, broken) = check(stage.remains(secrets)?).await?;
    Ok(Outcome { remains, broken, starts_ms })
}

/// Every promise that was not kept. The checker blocks its thread, and has one of its own.
///
/// # Errors
/// The database cannot be read.
pub async fn check(remains: Remains) -> Result<(Remains, Vec<Violation>)> {
    tokio::task::spawn_blocking(move || {
        let broken = check_without_machines(&remains)?;
        Ok((remains, broken))
    })
    .await?
}

impl Outcome {
    /// What happened, in a line.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn figures(&self) -> Result<String> {
        let exchanges = self.remains.history.exchanges();
        let unheard = exchanges.iter().filter(|one| !one.heard).count();
        let mut starts = self.starts_ms.clone();
        starts.sort_unstable();
        let start = starts.get(starts.len() / 2).copied().unwrap_or_default();
        let words = [
            format!("{} requests, {unheard} without an answer", exchanges.len()),
            format!("a start takes {start} ms (median)"),
            format!("the log: {:?}", tally(&self.remains)?),
            format!("{} promises broken", self.broken.len()),
        ];
        Ok(words.join("; "))
    }
}

/// Where hosts are run and what they do is written down.
pub struct Stage {
    /// What was said.
    pub history: History,
    folder: TempDir,
}

impl Stage {
    /// An empty one, on a disk.
    ///
    /// # Errors
    /// There is no folder for temporary files.
    pub fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("clawstead-crash").tempdir()?;
        Ok(Self { history: History::new(Arc::new(VirtualClock::new())), folder })
    }

    /// Where the database is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What is left, for the checker; nothing may run any more.
    ///
    /// # Errors
    /// What the components printed cannot be read.
    pub fn remains(self, secrets: Vec<String>) -> Result<Remains> {
        let printed = std::fs::read(self.folder().join(LOG))?;
        String::from_utf8_lossy(&printed).lines().for_each(|line| self.history.guest_line("", line));
        let end_ms = i64::try_from(now_ms()).unwrap_or(i64::MAX);
        Ok(Remains {
            history: self.history,
            database: self.folder.path().join("default.db"),
            machines: Vec::new(),
            volumes: Vec::new(),
            deliveries: Vec::new(),
            secrets,
            calm_ms: end_ms,
            end_ms,
            lasted_ms: 0,
            machines_max: 0,
            folder: self.folder,
        })
    }
}
