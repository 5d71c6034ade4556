//! What becomes slower as the log grows: statements alone on rusqlite, one connection, and the rebuild of all views.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use clawstead_ledger::engines::native::NativeEngine;
use clawstead_ledger::{Durability, Ledger};
use serde::Serialize;
use tokio::runtime::Builder;

use crate::bare::{self, Work, now};
use crate::figures::{Figures, Run};
use crate::fill::{self, Much};
use crate::options::QueueOptions;
use crate::queue::copied;

/// Events that one statement of a rebuild replays; what an operator's rebuild takes.
const CHUNK: i64 = 1_000;

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
    let (events, rebuild_seconds) = runtime.block_on(async {
        let ledger = Ledger::new(NativeEngine::open(&filled, Durability::Normal).await?);
        let begun = Instant::now();
        let rebuilt = ledger.rebuild("bench", now(), CHUNK, |_| {}).await.map_err(|error| anyhow!("{error}"))?;
        anyhow::Ok((rebuilt.events, begun.elapsed().as_secs_f64()))
    })?;
    Ok(Size { much, number, bytes, enqueue, life_cycle, rebuild_rate: events as f64 / rebuild_seconds, rebuild_seconds })
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
