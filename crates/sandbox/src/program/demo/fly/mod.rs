//! `demo fly`: conversations in waves, on a Fly with bad weather. Machines rise and fall; in the end all messages are answered,
//! and nothing is left that costs.

mod chart;
mod verdict;
mod waves;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clawstead_emulators::fly::{Fly, FlyOptions, MachineState, Weather};
use clawstead_sandbox::{Keys, PlatformKind, Sandbox, SandboxOptions, seed};
use serde_json::json;

use self::{chart::Chart, verdict::Verdict, waves::Waves};
use crate::options::DemoOptions;

const TICK_EVERY: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_secs(1);
const TIMEOUT_DEFAULT_S: u64 = 600;

/// The next wave comes when the one before is answered, and so few machines are left, or so long has passed.
const QUIET_MACHINES: usize = 2;
const QUIET_AFTER: Duration = Duration::from_secs(20);

/// Plays the story; an error unless every message was answered and no machine and no volume is left.
pub(crate) async fn run(options: &DemoOptions) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut settings = SandboxOptions::new(folder.path(), Keys::generate()?);
    settings.platform = PlatformKind::from_env()?;
    settings.tick_every = Some(TICK_EVERY);
    settings.fly = Some(fly_options());
    let sandbox = settings.start().await?;
    let told = tell(&sandbox, options).await;
    sandbox.stop().await?;
    told
}

async fn tell(sandbox: &Sandbox, options: &DemoOptions) -> Result<()> {
    prepare(sandbox).await?;
    let weather = weather(options.seed);
    println!("weather: {}", serde_json::to_string(&weather)?);
    println!("limits of rate as at Fly; at most {MACHINES_MAX} machines\n");
    sandbox.fly().set_weather(Some(weather));

    let limit = Duration::from_secs(options.timeout.unwrap_or(TIMEOUT_DEFAULT_S));
    let mut story = Story { sandbox, started: Instant::now(), limit, chart: Chart::default() };
    let mut waves = Waves::new(options.conversations);
    while let Some(wave) = waves.next_wave() {
        println!("         wave of {} messages", wave.len());
        waves.send(sandbox.api(), wave).await?;
        story.until_quiet().await?;
    }
    story.until_nothing_is_left().await?;
    println!("\n{}", story.chart.summary());
    let verdict = Verdict::of(sandbox, &waves).await?;
    verdict.print();
    verdict.into_result()
}

const MACHINES_MAX: usize = 12;

fn fly_options() -> FlyOptions {
    let mut options = FlyOptions {
        start_delay: Duration::from_millis(300),
        stop_delay: Duration::from_millis(300),
        volume_release_delay: Duration::from_secs(2),
        snapshot_delay: Duration::from_secs(1),
        limits: true,
        ..FlyOptions::default()
    };
    let env = [("POLL_INTERVAL_MS", "250"), ("HEARTBEAT_INTERVAL_MS", "2000")];
    options.worker_env.extend(env.map(|(name, value)| (name.to_owned(), value.to_owned())));
    options
}

fn weather(seed: u64) -> Weather {
    Weather {
        seed,
        errors: 60,
        lost_replies: 60,
        busy: 40,
        slow: 100,
        slow_ms: 500,
        full: 40,
        endings: 150,
        ends_within_ms: 4_000,
    }
}

/// Everything is quicker than for real, so that minutes show what takes hours.
async fn prepare(sandbox: &Sandbox) -> Result<()> {
    let api = sandbox.api();
    seed::sandbox_provider(api).await?;
    let scaling = json!({
        "machines_max": MACHINES_MAX, "spawn_step": 6, "idle_timeout_ms": 3_000, "drain_deadline_ms": 15_000,
        "boot_timeout_ms": 20_000, "salvage_ms": 0,
    });
    seed::config(api, "scaling", &scaling).await?;
    seed::config(api, "lease", &json!({ "lease_ms": 8_000, "silent_after_ms": 12_000, "max_deliveries": 100 })).await?;
    seed::config(api, "retry", &json!({ "max_attempts": 100, "base_delay_ms": 200, "max_delay_ms": 2_000 })).await?;
    seed::agent(api, seed::AGENT).await?;
    sandbox.telegram().add_bot(seed::bot());
    seed::linked_bot(api, seed::AGENT, seed::BOT_TOKEN).await?;
    Ok(())
}

struct Story<'a> {
    sandbox: &'a Sandbox,
    started: Instant,
    limit: Duration,
    chart: Chart,
}

impl Story<'_> {
    async fn until_quiet(&mut self) -> Result<()> {
        let mut answered_at = None;
        loop {
            let (machines, _, waiting) = self.look().await?;
            if waiting > 0 {
                answered_at = None;
                continue;
            }
            let answered: &mut Instant = answered_at.get_or_insert_with(Instant::now);
            if machines <= QUIET_MACHINES || answered.elapsed() > QUIET_AFTER {
                return Ok(());
            }
        }
    }

    /// Nothing at Fly, and clawstead has seen that: it looks at each tick.
    async fn until_nothing_is_left(&mut self) -> Result<()> {
        while self.look().await? != (0, 0, 0) || self.has_live_workers().await? {}
        Ok(())
    }

    async fn has_live_workers(&self) -> Result<bool> {
        let stats = self.sandbox.api().get("/v1/stats").await?.success()?;
        Ok(stats["workers"]["by_state"].as_object().is_none_or(|states| !states.is_empty()))
    }

    /// Waits a moment, and draws what there is: machines, volumes, messages that wait or are in flight.
    async fn look(&mut self) -> Result<(usize, usize, i64)> {
        tokio::time::sleep(LOOK_EVERY).await;
        let stats = self.sandbox.api().get("/v1/queue/stats").await?.success()?;
        let waiting = ["queued_ready", "queued_later", "processing"].iter().filter_map(|name| stats[name].as_i64()).sum();
        let (machines, volumes) = (living(self.sandbox.fly()), self.sandbox.fly().volumes().len());
        self.chart.draw(self.started.elapsed(), machines, volumes, waiting);
        if self.started.elapsed() > self.limit {
            bail!("after {} s there are still {machines} machines, {volumes} volumes, {waiting} messages", self.limit.as_secs());
        }
        Ok((machines, volumes, waiting))
    }
}

fn living(fly: &Fly) -> usize {
    fly.machines().iter().filter(|machine| machine.state != MachineState::Destroyed).count()
}
