//! How long it takes from a webhook to the claim of a worker that waits.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clawstead_sandbox::{seed, updates};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::client::Client;
use crate::figures::Run;
use crate::queue::complete;
use crate::rig::{AGENT, Rig, of_worker};

/// People who write in turn.
const PEOPLE: i64 = 8;

/// How long one claim waits.
const WAIT: Duration = Duration::from_secs(2);

/// A message that was claimed, and when.
type Claimed = (String, Instant);

/// Lets so many workers wait, and has people write for `time`.
pub(crate) async fn run(rig: &Rig, workers: usize, time: Duration) -> Result<Run> {
    for person in 0..PEOPLE {
        let (name, user_id) = (format!("person-{person}"), seed::USER_ID + person);
        seed::paired_user(rig.sandbox.api(), rig.sandbox.telegram(), &name, AGENT, seed::BOT_ID, user_id).await?;
    }
    let (sender, mut claims) = mpsc::unbounded_channel();
    let mut waiting = JoinSet::new();
    for token in rig.workers.iter().take(workers) {
        waiting.spawn(wait(Client::connect(rig.address).await?, token.clone(), sender.clone()));
    }
    let mut claimed = HashMap::new();
    let mut latencies = Vec::new();
    let begun = Instant::now();
    for person in (0..PEOPLE).cycle() {
        // An uneven gap, so that no write falls into step with the looks at the queue.
        tokio::time::sleep(Duration::from_millis(u64::from(begun.elapsed().subsec_micros()) % 97)).await;
        if begun.elapsed() >= time && !latencies.is_empty() {
            break;
        }
        let written = Instant::now();
        let delivery = rig.sandbox.telegram().deliver(seed::BOT_ID, updates::text(seed::USER_ID + person, "hi")).await;
        let answer: Value = serde_json::from_str(&delivery.body).unwrap_or_default();
        ensure!(answer["outcome"] == "enqueued", "the message was not taken: {delivery:?}");
        let message_id = answer["message_id"].as_str().context("a message id")?;
        while !claimed.contains_key(message_id) {
            claimed.extend(tokio::time::timeout(Duration::from_secs(30), claims.recv()).await?);
        }
        let at: &Instant = &claimed[message_id];
        latencies.push(at.saturating_duration_since(written));
    }
    waiting.abort_all();
    // A claim that waits does not hear that its client has gone, and would take a message of the next run.
    tokio::time::sleep(WAIT + Duration::from_secs(1)).await;
    Ok(Run::new(latencies, begun.elapsed()))
}

/// A worker that waits for work for ever.
async fn wait(mut client: Client, token: String, claims: mpsc::UnboundedSender<Claimed>) -> Result<()> {
    loop {
        let answer = client.send(&of_worker(&token, "GET", &format!("claim?wait={}", WAIT.as_secs()), &json!(null))).await?;
        if answer.status == 204 {
            continue;
        }
        let at = Instant::now();
        let job = answer.expect(200)?.json()?;
        complete(&mut client, &token, &job).await?;
        claims.send((job["message_id"].as_str().context("a message id")?.to_owned(), at))?;
    }
}
