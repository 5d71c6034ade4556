//! `cargo xtask bench telegram`.

mod mixed;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use clawstead_sandbox::{seed, updates};
use serde_json::{Value, json};
use tokio::runtime::Builder;

use crate::client::{Client, Request};
use crate::figures::{Figures, Run};
use crate::load::{self, Task, Until};
use crate::machine::Machine;
use crate::options::TelegramOptions;
use crate::rig::{AGENT, Rig};

/// Milliseconds that 99 of 100 webhooks of 16 clients should not exceed.
const AIM_P99_MS: f64 = 60.0;

/// Measures, and prints.
pub(crate) fn run(options: &TelegramOptions) -> Result<()> {
    let runtime = |threads| Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (host, clients) = (runtime(cores)?, runtime(1)?);
    println!("{}", Machine::look());
    let folder = tempfile::tempdir()?;
    let rig = host.block_on(Rig::start(folder.path(), &options.durability, 0))?;
    let most = options.clients.iter().copied().max().unwrap_or(1);
    let hook = host.block_on(Hook::of(&rig, most))?;
    println!(
        "webhook, a text each, durability {}; medians of {} runs of {} s",
        options.durability, options.runs, options.seconds
    );
    for &number in &options.clients {
        let one =
            || clients.block_on(load::run(rig.address, number, Until::after(Duration::from_secs(options.seconds)), hook.clone()));
        let runs: Vec<Run> = (0..options.runs).map(|_| one()).collect::<Result<_>>()?;
        let Figures { rate, p50_ms, p99_ms } = Figures::of(&runs);
        let aim = if number == 16 { format!(" (aim: under {AIM_P99_MS} ms)") } else { String::new() };
        println!(
            "{number:>4} clients: {:>6.0} a second, p50 {:.1} ms, p99 {:.1} ms{aim}",
            rate.median, p50_ms.median, p99_ms.median
        );
    }
    clients.block_on(mixed::run(&rig, &hook, most, options.updates))?;
    host.block_on(rig.sandbox.stop())
}

/// The webhook, and people who write to it.
#[derive(Clone)]
pub(crate) struct Hook {
    line: String,
    header: String,
    next: Arc<AtomicI64>,
}

impl Hook {
    /// With one paired person for each client.
    async fn of(rig: &Rig, people: usize) -> Result<Self> {
        seed::config(rig.sandbox.api(), "limits", &json!({"bot_updates_max": 100_000_000})).await?;
        seed::config(rig.sandbox.api(), "queue", &json!({"conversation_messages_max": 100_000_000})).await?;
        for person in 0..people {
            let (name, user_id) = (format!("person-{person}"), person_of(person));
            seed::paired_user(rig.sandbox.api(), rig.sandbox.telegram(), &name, AGENT, seed::BOT_ID, user_id).await?;
        }
        let secret = rig.sandbox.telegram().webhook_secret(seed::BOT_ID).context("the webhook has a secret")?;
        Ok(Self {
            line: format!("POST /telegram/{}/webhook", seed::BOT_ID),
            header: format!("x-telegram-bot-api-secret-token: {secret}\r\n"),
            next: Arc::new(AtomicI64::new(1_000_000_000)),
        })
    }

    /// A number that no update or message had.
    fn number(&self) -> i64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    fn request(&self, update: &Value) -> Request {
        Request { line: self.line.clone(), header: self.header.clone(), body: update.to_string() }
    }
}

/// The Telegram user of a client.
fn person_of(client: usize) -> i64 {
    seed::USER_ID + i64::try_from(client).unwrap_or(0)
}

impl Task for Hook {
    async fn once(&self, client: &mut Client, number: usize) -> Result<bool> {
        let id = self.number();
        let mut update = updates::text_with_id(person_of(number), "What is on my calendar today?", id);
        update["update_id"] = json!(id);
        let answer = client.send(&self.request(&update)).await?.expect(200)?.json()?;
        anyhow::ensure!(answer["outcome"] == "enqueued", "the message was not taken: {answer}");
        Ok(true)
    }
}
