//! The same operations without components and without HTTP: the same statements on rusqlite, in this process, one after
//! another. SQLite has one writer, so this is as fast as the statements can be.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, anyhow};
use clawstead_domain::agent::Configure;
use clawstead_domain::api_key::{Reach, Scope};
use clawstead_domain::conversation::Ending;
use clawstead_ledger::engines::native::NativeEngine;
use clawstead_ledger::{Durability, Ledger};
use clawstead_operations::{Cx, agents, api_keys, queue, workers};

use crate::figures::Run;
use crate::fill::message;
use crate::rig::AGENT;

/// Fills a buffer from the operating system's source.
pub(crate) fn entropy(buffer: &mut [u8]) {
    getrandom::fill(buffer).expect("the system has a source of randomness");
}

/// The instant, ms since the epoch.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// What is repeated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Enqueue,
    LifeCycle,
}

/// One run of `time` on the database `file`.
pub(crate) async fn run(file: &Path, durability: Durability, work: Work, time: Duration) -> Result<Run> {
    let ledger = Ledger::new(NativeEngine::open(file, durability).await?).recalling();
    ledger.migrate("bench", now()).await.map_err(|error| anyhow!("{error}"))?;
    let at =
        |now| Cx { ledger: &ledger, now, entropy: &entropy, actor: "service:bench".to_owned(), correlation: "bench".to_owned() };
    agents::configure(&at(now()), AGENT, &Configure::default()).await?;
    let key = api_keys::create(&at(now()), "bench", vec![Scope::Messages], Reach::default()).await?.key;
    let worker = workers::register(&at(now()), None).await?;
    let mut latencies = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < time {
        let asked = Instant::now();
        let cx = at(now());
        api_keys::find(&cx, &key).await?.context("the key")?;
        let accepted = queue::enqueue(&cx, &message(AGENT, None, &cx), None).await?;
        if work == Work::LifeCycle {
            let call = async || {
                let found = workers::by_token(&cx, &worker.token).await?.context("the worker")?;
                workers::saw(&cx, &found).await?;
                anyhow::Ok(found)
            };
            let job = queue::claim(&cx, &call().await?, Some(&accepted.conversation_id)).await?.context("a job")?;
            let caller = call().await?;
            let ending = Ending { worker_id: &caller.worker_id, message_id: &job.message_id, lease_id: &job.lease_id };
            queue::complete(&cx, ending).await?;
        }
        latencies.push(asked.elapsed());
    }
    Ok(Run::new(latencies, begun.elapsed()))
}
