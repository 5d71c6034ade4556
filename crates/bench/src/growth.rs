//! What becomes slower as the log grows: statements alone on rusqlite, one connection, and the rebuild of all views, as an operator
//! orders it.

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clawstead_ledger::Durability;
use serde::Serialize;
use serde_json::json;
use tokio::runtime::Builder;

use crate::bare::{self, Work};
use crate::figures::{Figures, Run};
use crate::fill::{self, Much};
use crate::options::QueueOptions;
use crate::queue::copied;
use crate::rig::Rig;

/// One size of the log.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Size {
    /// What there was much of.
    pub(crate) much: Much,
    /// How many of it. Each takes an event.
    pub(crate) number: u64,
    /// The file when it was filled, bytes.
    pub(crate) bytes: u64,
    pub(crate) enqueue: Figures,
    pub(crate) life_cycle: Figures,
    /// Events a second of a rebuild, one run.
    pub(crate) rebuild_rate: f64,
    /// How long that rebuild took, seconds.
    pub(crate) rebuild_seconds: f64,
}

/// Fills a log and measures on copies of it.
pub(crate) fn measure(much: Much, number: u64, options: &QueueOptions) -> Result<Size> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let filled = folder.path().join("filled.db");
    eprintln!("==> growth: {number} {much}");
    runtime.block_on(fill::fill(&filled, much, number))?;
    let bytes = std::fs::metadata(&filled)?.len();
    let time = Duration::from_secs(options.seconds);
    let figures = |work| -> Result<Figures> {
        let (_folder, database) = copied(&filled)?;
        let one = || runtime.block_on(bare::run(&database, Durability::Normal, work, time));
        let runs: Vec<Run> = (0..options.runs).map(|_| one()).collect::<Result<_>>()?;
        Ok(Figures::of(&runs))
    };
    let (enqueue, life_cycle) = (figures(Work::Enqueue)?, figures(Work::LifeCycle)?);
    let (events, rebuild_seconds) = Builder::new_multi_thread().enable_all().build()?.block_on(rebuilt(&filled))?;
    Ok(Size { much, number, bytes, enqueue, life_cycle, rebuild_rate: events as f64 / rebuild_seconds, rebuild_seconds })
}

/// A rebuild as an operator orders it: how many events it replayed, and how long it took, seconds.
async fn rebuilt(filled: &Path) -> Result<(u64, f64)> {
    let (folder, _) = copied(filled)?;
    let rig = Rig::start(folder.path(), "normal", 0).await?;
    let begun = Instant::now();
    let answer = rig.sandbox.api().post("/v1/views/rebuild", &json!({})).await?.success()?;
    let seconds = begun.elapsed().as_secs_f64();
    rig.sandbox.stop().await?;
    Ok((answer["events"].as_u64().context("a number of events")?, seconds))
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>8} {}, {:>5} MiB: enqueue p50 {:.2} ms, life cycle p50 {:.2} ms, rebuild {:.0} events a second ({:.1} s)",
            self.number,
            self.much,
            self.bytes >> 20,
            self.enqueue.p50_ms.median,
            self.life_cycle.p50_ms.median,
            self.rebuild_rate,
            self.rebuild_seconds
        )
    }
}
