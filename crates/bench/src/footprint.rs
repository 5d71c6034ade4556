//! What clawstead needs before it does anything: time to start, memory at rest and under load.
//!
//! Host, stand-ins and clients share this process, so the memory is that of all of them: an upper bound of the host's.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde::Serialize;
use tokio::runtime::Builder;

use crate::client::Client;
use crate::figures::Spread;
use crate::load::{self, Until};
use crate::options::QueueOptions;
use crate::queue::Enqueue;
use crate::rig::Rig;

/// Clients of the load.
const CLIENTS: usize = 16;

/// Time to start, and memory.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Footprint {
    /// From nothing to the first answer, the components being compiled already and the database new, ms.
    pub(crate) start_ms: Spread,
    /// The first enqueue, which instantiates its component and opens the database, ms.
    pub(crate) first_request_ms: Spread,
    /// The second one, ms.
    pub(crate) second_request_ms: Spread,
    /// Resident memory of the process before any load, MiB.
    pub(crate) idle_mib: f64,
    /// The most it was under the load of 16 clients, MiB.
    pub(crate) loaded_mib: f64,
}

/// Starts as often as there are runs, and loads the last one.
pub(crate) fn measure(options: &QueueOptions) -> Result<Footprint> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let (mut starts, mut firsts, mut seconds) = (Vec::new(), Vec::new(), Vec::new());
    let (mut idle_mib, mut loaded_mib) = (f64::NAN, f64::NAN);
    for run in 0..options.runs.max(1) {
        eprintln!("==> start and memory");
        let folder = tempfile::tempdir()?;
        runtime.block_on(async {
            let begun = Instant::now();
            let rig = Rig::start(folder.path(), "normal", 1).await?;
            starts.push(ms(begun));
            idle_mib = memory_mib("VmRSS")?;
            let mut client = Client::connect(rig.address).await?;
            for times in [&mut firsts, &mut seconds] {
                let asked = Instant::now();
                client.send(&rig.enqueue()).await?.expect(201)?;
                times.push(ms(asked));
            }
            if run + 1 == options.runs.max(1) {
                let until = Until::after(Duration::from_secs(options.seconds));
                load::run(rig.address, CLIENTS, until, Enqueue(rig.enqueue())).await?;
                loaded_mib = memory_mib("VmHWM")?;
            }
            rig.sandbox.stop().await
        })?;
    }
    Ok(Footprint {
        start_ms: Spread::of(starts),
        first_request_ms: Spread::of(firsts),
        second_request_ms: Spread::of(seconds),
        idle_mib,
        loaded_mib,
    })
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}

/// A line of what the system says of this process.
fn memory_mib(name: &str) -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status").context("the system does not tell the memory of a process")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kib: f64 = line.and_then(|rest| rest.split_whitespace().next()).context("a line of memory")?.parse()?;
    Ok(kib / 1024.0)
}

impl fmt::Display for Footprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "start and set-up {:.0} ms; first enqueue {:.1} ms, second {:.1} ms; memory {:.0} MiB at rest, {:.0} MiB under load",
            self.start_ms.median, self.first_request_ms.median, self.second_request_ms.median, self.idle_mib, self.loaded_mib
        )
    }
}
