//! `demo`: every sample update, some of them twice, and a check that each message got exactly one reply.

mod fly;
mod log;
mod samples;
mod verdict;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clawstead_emulators::{fly::FlyOptions, telegram::Outcome};
use clawstead_sandbox::{Keys, PlatformKind, Sandbox, SandboxOptions, seed};
use serde_json::Value;

use self::{samples::Sample, verdict::Verdict};
use crate::options::{DemoOptions, Story};

const TICK_EVERY: Duration = Duration::from_millis(200);
const TIMEOUT_DEFAULT_S: u64 = 120;
const IDLE_POLL: Duration = Duration::from_millis(100);

/// Plays the story and prints it; an error unless every message was answered exactly once.
pub(crate) async fn run(options: DemoOptions) -> Result<()> {
    match options.story {
        Some(Story::Fly) => fly::run(&options).await,
        None => updates(options).await,
    }
}

async fn updates(options: DemoOptions) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let started = Instant::now();
    let mut settings = SandboxOptions::new(folder.path(), Keys::generate()?);
    settings.platform = PlatformKind::from_env()?;
    settings.tick_every = Some(TICK_EVERY);
    settings.fly = Some(fly_options());
    let sandbox = settings.start().await?;
    let told = tell(&sandbox, started, &options).await;
    sandbox.stop().await?;
    told
}

async fn tell(sandbox: &Sandbox, started: Instant, options: &DemoOptions) -> Result<()> {
    seed(sandbox).await?;
    println!("started and seeded in {:.1} s\n", started.elapsed().as_secs_f64());

    let samples = samples::read()?;
    let played = Instant::now();
    play(sandbox, &samples).await?;
    wait_until_idle(sandbox, Duration::from_secs(options.timeout.unwrap_or(TIMEOUT_DEFAULT_S))).await?;
    let took = played.elapsed();

    let verdict = Verdict::of(&samples, &sandbox.telegram().sent());
    verdict.print_conversation();
    log::print(sandbox.api()).await?;
    verdict.print_timings(&sandbox.telegram().deliveries(), took);
    verdict.into_result()
}

fn fly_options() -> FlyOptions {
    let mut options = FlyOptions::default();
    options.worker_env.insert("POLL_INTERVAL_MS".to_owned(), "100".to_owned());
    options
}

async fn seed(sandbox: &Sandbox) -> Result<()> {
    let api = sandbox.api();
    seed::sandbox_provider(api).await?;
    seed::agent(api, seed::AGENT).await?;
    sandbox.telegram().add_bot(seed::bot());
    seed::linked_bot(api, seed::AGENT, seed::BOT_TOKEN).await?;
    let telegram = sandbox.telegram();
    seed::paired_user(api, telegram, seed::CONSUMER_USER_ID, seed::AGENT, seed::BOT_ID, seed::USER_ID).await
}

async fn play(sandbox: &Sandbox, samples: &[Sample]) -> Result<()> {
    for (index, sample) in samples.iter().enumerate() {
        deliver(sandbox, sample, false).await?;
        if index % 2 == 0 {
            deliver(sandbox, sample, true).await?;
        }
    }
    println!();
    Ok(())
}

async fn deliver(sandbox: &Sandbox, sample: &Sample, again: bool) -> Result<()> {
    let delivery = sandbox.telegram().deliver(seed::BOT_ID, sample.update.clone()).await;
    let name = format!("{}{}", sample.name, if again { " (again)" } else { "" });
    if delivery.outcome == Outcome::NotWanted {
        ensure!(!sample.wants_reply, "{name}: the webhook was set without this kind of update");
        println!("{name:<42} not asked for");
        return Ok(());
    }
    ensure!(delivery.outcome == Outcome::Delivered, "{name} was not delivered: {delivery:?}");
    let answer: Value = serde_json::from_str(&delivery.body).with_context(|| format!("{name}: {}", delivery.body))?;
    let outcome = answer["outcome"].as_str().unwrap_or("no outcome");
    println!("{name:<42} {outcome} {}", answer["reason"].as_str().unwrap_or_default());
    let expected: &[&str] = match (sample.wants_reply, again) {
        (true, false) => &["enqueued"],
        (true, true) => &["duplicate"],
        (false, false) => &["added", "ignored", "noted", "refused"],
        (false, true) => &["duplicate", "ignored", "noted", "refused"],
    };
    ensure!(expected.contains(&outcome), "{name} was `{outcome}`; expected one of {expected:?}");
    Ok(())
}

/// When the queue holds nothing more, no reply can come any more.
async fn wait_until_idle(sandbox: &Sandbox, limit: Duration) -> Result<()> {
    let started = Instant::now();
    loop {
        let stats = sandbox.api().get("/v1/queue/stats").await?.success()?;
        let waiting = ["queued_ready", "queued_later", "processing"];
        if waiting.iter().all(|name| stats[name] == 0) {
            return Ok(());
        }
        if started.elapsed() > limit {
            bail!("not everything was answered within {} s: {stats}", limit.as_secs());
        }
        tokio::time::sleep(IDLE_POLL).await;
    }
}
