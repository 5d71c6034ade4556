//! `say`: one message to the bot of a running `up`, and its reply.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clawstead_sandbox::{Credentials, seed, updates};
use reqwest::Client;
use serde_json::Value;

use crate::{options::SayOptions, up::data_path};

/// Writes as the paired user and prints what the bot writes back, until the echo of the text.
pub(crate) async fn run(options: SayOptions) -> Result<()> {
    let data = data_path(options.data);
    let credentials = Credentials::read(&data.join("credentials.json"))?
        .with_context(|| format!("no credentials in {}: is `cargo xtask up` running there?", data.display()))?;
    let telegram = credentials.telegram_api;
    ensure!(telegram.starts_with("http://"), "this `up` talks to the real Telegram: write to the bot there");
    let chat = Chat { client: Client::new(), sandbox: format!("{telegram}/sandbox") };
    let deadline = Instant::now() + Duration::from_secs(options.timeout);
    let mut seen = chat.last_sent().await.context("the stand-in for Telegram does not answer: is `up` running?")?;
    chat.write(&options.text).await?;
    loop {
        let left = deadline.saturating_duration_since(Instant::now()).as_secs();
        let sent = chat.sent_after(seen, left).await?;
        for message in &sent {
            let text = message["text"].as_str().unwrap_or_default();
            println!("{text}");
            // An earlier message may still be answered first.
            if text.contains(options.text.trim()) {
                return Ok(());
            }
            seen = message["seq"].as_u64().unwrap_or(seen);
        }
        if sent.is_empty() && left == 0 {
            bail!("no reply within {} s", options.timeout);
        }
    }
}

/// The private chat of the paired user with the bot.
struct Chat {
    client: Client,
    sandbox: String,
}

impl Chat {
    async fn write(&self, text: &str) -> Result<()> {
        let url = format!("{}/updates?wait=true", self.sandbox);
        let delivery: Value = self.client.post(url).json(&updates::text(seed::USER_ID, text)).send().await?.json().await?;
        ensure!(delivery["outcome"] == "delivered", "the update was not delivered: {delivery}");
        Ok(())
    }

    async fn last_sent(&self) -> Result<u64> {
        let sent = self.sent_after(0, 0).await?;
        Ok(sent.last().and_then(|message| message["seq"].as_u64()).unwrap_or(0))
    }

    /// What the bot sent after the message with the number `seq`, waiting for at least one.
    async fn sent_after(&self, seq: u64, wait_seconds: u64) -> Result<Vec<Value>> {
        let url = format!("{}/sent?chat_id={}&after={seq}&wait={wait_seconds}", self.sandbox, seed::USER_ID);
        Ok(self.client.get(url).send().await?.error_for_status()?.json().await?)
    }
}
