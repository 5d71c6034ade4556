//! `cargo xtask bench queue`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use clawstead_ledger::Durability;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::bare;
use crate::client::{Client, Request};
use crate::figures::{Figures, Run};
use crate::fill::{self, Much};
use crate::load::{self, Task, Until};
use crate::options::QueueOptions;
use crate::report::{Line, Report};
use crate::rig::{Rig, empty_handler, of_worker};
use crate::webhook;

/// Name of the components' database in the host's folder.
const DATABASE: &str = "host/default.db";

/// Everything that the measurements share.
struct Bench<'a> {
    options: &'a QueueOptions,
    /// Runs the host.
    host: Runtime,
    /// Runs the clients: on threads of their own, so that a client is not kept waiting by a statement.
    clients: Runtime,
    report: Report,
}

/// As asked, or what `--quick` makes of it.
pub(crate) fn sized(mut options: QueueOptions) -> QueueOptions {
    if options.quick {
        (options.runs, options.seconds) = (1, 1);
        (options.clients, options.queued) = (vec![1, 16], vec![1_000, 20_000]);
    }
    options
}

/// Measures, and prints as it goes.
pub(crate) fn run(options: &QueueOptions) -> Result<Report> {
    let options = &sized(options.clone());
    let runtime = |threads| Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut bench = Bench { options, host: runtime(cores)?, clients: runtime(1)?, report: Report::new(options) };
    bench.empty_handler()?;
    for &queued in &options.queued {
        let folder = tempfile::tempdir()?;
        let filled = folder.path().join("filled.db");
        eprintln!("==> queue {queued} messages");
        bench.host.block_on(fill::fill(&filled, Much::Messages, queued))?;
        for durability in &options.durability {
            bench.measure(&filled, durability, queued)?;
        }
    }
    bench.report.print();
    Ok(bench.report)
}

/// A folder with a copy of a database.
pub(crate) fn copied(filled: &Path) -> Result<(TempDir, PathBuf)> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join(DATABASE);
    std::fs::create_dir_all(database.parent().context("a folder")?)?;
    std::fs::copy(filled, &database)?;
    Ok((folder, database))
}

impl Bench<'_> {
    fn time(&self) -> Duration {
        Duration::from_secs(self.options.seconds)
    }

    fn empty_handler(&mut self) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let host = self.host.block_on(empty_handler(folder.path()))?;
        for &clients in &self.options.clients {
            eprintln!("==> empty handler, {clients} clients");
            let runs: Vec<Run> = (0..self.options.runs)
                .map(|_| self.clients.block_on(load::run(host.addr(), clients, Until::after(self.time()), Empty)))
                .collect::<Result<_>>()?;
            self.report.add(Line::new("empty handler", clients, Figures::of(&runs)));
        }
        self.host.block_on(host.stop());
        Ok(())
    }

    fn bare(&mut self, filled: &Path, durability: &str, queued: u64) -> Result<()> {
        let level = Durability::parse(durability).map_err(anyhow::Error::msg)?;
        for (name, work) in [("bare enqueue", bare::Work::Enqueue), ("bare life cycle", bare::Work::LifeCycle)] {
            eprintln!("==> {name}, {durability}, {queued} queued");
            let (_folder, database) = copied(filled)?;
            let runs: Vec<Run> = (0..self.options.runs)
                .map(|_| self.clients.block_on(bare::run(&database, level, work, self.time())))
                .collect::<Result<_>>()?;
            self.report.add(Line::new(name, 1, Figures::of(&runs)).on(durability, queued));
        }
        Ok(())
    }

    fn measure(&mut self, filled: &Path, durability: &str, queued: u64) -> Result<()> {
        self.bare(filled, durability, queued)?;
        let (folder, _) = copied(filled)?;
        let most = self.options.clients.iter().copied().max().unwrap_or(1);
        let rig = self.host.block_on(Rig::start(folder.path(), durability, most))?;
        for &clients in &self.options.clients {
            eprintln!("==> refused enqueue: {durability}, {queued} queued, {clients} clients");
            let runs: Vec<Run> = (0..self.options.runs)
                .map(|_| {
                    let until = Until::after(self.time());
                    self.clients.block_on(load::run(rig.address, clients, until, Refused(rig.refused())))
                })
                .collect::<Result<_>>()?;
            self.report.add(Line::new("refused enqueue", clients, Figures::of(&runs)).on(durability, queued));
            eprintln!("==> enqueue, claim and complete, life cycle: {durability}, {queued} queued, {clients} clients");
            let (mut enqueued, mut ended, mut lives) = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..self.options.runs {
                let enqueue = Enqueue(rig.enqueue());
                let one = self.clients.block_on(load::run(rig.address, clients, Until::after(self.time()), enqueue))?;
                // As many as were enqueued, so that the queue is as long as before.
                let until = Until::done(one.count());
                enqueued.push(one);
                let end = End { workers: rig.workers.clone() };
                ended.push(self.clients.block_on(load::run(rig.address, clients, until, end.clone()))?);
                let life = Life { enqueue: rig.enqueue(), end };
                lives.push(self.clients.block_on(load::run(rig.address, clients, Until::after(self.time()), life))?);
            }
            for (name, runs) in [("enqueue", enqueued), ("claim and complete", ended), ("life cycle", lives)] {
                self.report.add(Line::new(name, clients, Figures::of(&runs)).on(durability, queued));
            }
        }
        self.host.block_on(rig.backlog(false))?;
        for &clients in &self.options.clients {
            eprintln!("==> webhook to claim: {durability}, {queued} queued, {clients} workers wait");
            let runs = (0..self.options.runs)
                .map(|_| self.clients.block_on(webhook::run(&rig, clients, self.time())))
                .collect::<Result<Vec<_>>>()?;
            self.report.add(Line::new("webhook to claim", clients, Figures::of(&runs)).on(durability, queued));
        }
        self.host.block_on(rig.sandbox.stop())
    }
}

#[derive(Clone)]
struct Empty;

impl Task for Empty {
    async fn once(&self, client: &mut Client, _: usize) -> Result<bool> {
        let request = Request { line: "GET /empty".to_owned(), header: String::new(), body: String::new() };
        client.send(&request).await?.expect(200)?;
        Ok(true)
    }
}

#[derive(Clone)]
pub(crate) struct Enqueue(pub(crate) Request);

impl Task for Enqueue {
    async fn once(&self, client: &mut Client, _: usize) -> Result<bool> {
        client.send(&self.0).await?.expect(201)?;
        Ok(true)
    }
}

/// What of an enqueue is not writing.
#[derive(Clone)]
struct Refused(Request);

impl Task for Refused {
    async fn once(&self, client: &mut Client, _: usize) -> Result<bool> {
        client.send(&self.0).await?.expect(400)?;
        Ok(true)
    }
}

/// Claims a message and completes it.
#[derive(Clone)]
struct End {
    workers: Vec<String>,
}

impl Task for End {
    async fn once(&self, client: &mut Client, number: usize) -> Result<bool> {
        let token = &self.workers[number];
        let claimed = client.send(&of_worker(token, "POST", "claim", &json!({}))).await?;
        if claimed.status == 204 {
            return Ok(false);
        }
        complete(client, token, &claimed.expect(200)?.json()?).await?;
        Ok(true)
    }
}

/// Completes a claimed message.
pub(crate) async fn complete(client: &mut Client, token: &str, job: &Value) -> Result<()> {
    let body = json!({"message_id": job["message_id"], "lease_id": job["lease_id"]});
    client.send(&of_worker(token, "POST", "complete", &body)).await?.expect(204)?;
    Ok(())
}

/// Enqueues a message, then claims and completes one.
#[derive(Clone)]
struct Life {
    enqueue: Request,
    end: End,
}

impl Task for Life {
    async fn once(&self, client: &mut Client, number: usize) -> Result<bool> {
        client.send(&self.enqueue).await?.expect(201)?;
        while !self.end.once(client, number).await? {}
        Ok(true)
    }
}
