//! Mixed updates from many sides, a tenth of them delivered twice, at once or one after the other: nothing is lost, nothing is doubled.

use std::collections::{BTreeMap, HashSet};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clawstead_sandbox::workspace_file;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Hook, person_of};
use crate::client::Client;
use crate::rig::Rig;

/// What came of updates, by outcome, and the messages that they became.
#[derive(Default)]
struct Told {
    outcomes: BTreeMap<String, u64>,
    messages: HashSet<String>,
    delivered_twice: u64,
}

/// Sends them, and looks in the log what became of them.
pub(crate) async fn run(rig: &Rig, hook: &Hook, clients: usize, updates: u64) -> Result<()> {
    let samples = samples()?;
    let before = (in_log(rig, "MessageEnqueued").await?, in_log(rig, "AlbumExtended").await?);
    let begun = Instant::now();
    let mut sending = JoinSet::new();
    for client in 0..clients {
        let mine = updates / clients as u64 + u64::from((client as u64) < updates % clients as u64);
        sending.spawn(send(rig.address, hook.clone(), samples.clone(), client, mine));
    }
    let mut told = Told::default();
    while let Some(one) = sending.join_next().await {
        let one = one??;
        one.outcomes.into_iter().for_each(|(name, count)| *told.outcomes.entry(name).or_default() += count);
        told.messages.extend(one.messages);
        told.delivered_twice += one.delivered_twice;
    }
    let took = begun.elapsed().as_secs_f64();
    let logged = in_log(rig, "MessageEnqueued").await?.len() - before.0.len();
    let added = in_log(rig, "AlbumExtended").await?.len() - before.1.len();
    println!(
        "{updates} mixed updates, {} of them twice, {clients} clients: {:.0} a second; {:?}",
        told.delivered_twice,
        updates as f64 / took,
        told.outcomes
    );
    ensure!(told.outcomes.values().sum::<u64>() == updates, "some were not answered");
    ensure!(told.messages.len() == logged, "{} messages were promised, {logged} are in the log", told.messages.len());
    ensure!(told.outcomes.get("enqueued").copied() == Some(logged as u64), "some became two messages");
    ensure!(told.outcomes.get("added").copied().unwrap_or(0) == added as u64, "some parts of albums were lost or doubled");
    println!("nothing lost, nothing doubled: {logged} messages and {added} parts of albums are in the log");
    Ok(())
}

/// One chat after the other as Telegram does it: the next update of a chat comes after the answer to the one before.
async fn send(address: std::net::SocketAddr, hook: Hook, samples: Vec<Value>, client: usize, count: u64) -> Result<Told> {
    let (mut one, mut other) = (Client::connect(address).await?, Client::connect(address).await?);
    let mut told = Told::default();
    for number in 0..count {
        let round = number / samples.len() as u64;
        let sample = &samples[usize::try_from(number)? % samples.len()];
        let request = hook.request(&dressed(sample, hook.number(), person_of(client), round));
        let answers = match number % 20 {
            0 => {
                let (first, second) = tokio::join!(one.send(&request), other.send(&request));
                vec![first?, second?]
            }
            10 => vec![one.send(&request).await?, other.send(&request).await?],
            _ => vec![one.send(&request).await?],
        };
        told.delivered_twice += u64::from(answers.len() > 1);
        let answers: Vec<Value> = answers.into_iter().map(|answer| answer.expect(200)?.json()).collect::<Result<_>>()?;
        let outcomes: Vec<&str> = answers.iter().filter_map(|answer| answer["outcome"].as_str()).collect();
        // Of two at once, either may be the first.
        let first = outcomes.iter().find(|outcome| **outcome != "duplicate").or(outcomes.first()).context("an outcome")?;
        *told.outcomes.entry((*first).to_owned()).or_default() += 1;
        let taken = outcomes.iter().filter(|outcome| matches!(**outcome, "enqueued" | "added")).count();
        ensure!(taken <= 1, "an update was taken twice: {answers:?}");
        for answer in answers.iter().filter(|answer| answer["outcome"] == "enqueued") {
            told.messages.insert(answer["message_id"].as_str().context("a message id")?.to_owned());
        }
    }
    Ok(told)
}

fn samples() -> Result<Vec<Value>> {
    let mut files: Vec<_> = std::fs::read_dir(workspace_file("tests/data/telegram-updates"))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files.iter().map(|path| Ok(serde_json::from_slice(&std::fs::read(path)?)?)).collect()
}

/// A sample with numbers, a sender and an album of its own.
fn dressed(sample: &Value, id: i64, person: i64, round: u64) -> Value {
    let mut update = sample.clone();
    update["update_id"] = json!(id);
    for kind in ["message", "edited_message"] {
        let Some(message) = update.get_mut(kind).filter(|message| message.is_object()) else { continue };
        message["message_id"] = json!(id);
        if message["chat"]["type"] == "private" {
            message["chat"]["id"] = json!(person);
            message["from"]["id"] = json!(person);
        }
        if let Some(album) = message["media_group_id"].as_str() {
            message["media_group_id"] = json!(format!("{album}-{person}-{round}"));
        }
    }
    update
}

/// Positions of all events of a type.
async fn in_log(rig: &Rig, event_type: &str) -> Result<Vec<i64>> {
    let (mut positions, mut after) = (Vec::new(), 0);
    loop {
        let path = format!("/v1/events?type={event_type}&after={after}&limit=1000");
        let page = rig.sandbox.api().get(&path).await?.success()?;
        let events = page["events"].as_array().context("events")?;
        positions.extend(events.iter().filter_map(|event| event["position"].as_i64()));
        after = page["next_after"].as_i64().unwrap_or(after);
        if page["has_more"] != true {
            return Ok(positions);
        }
    }
}
