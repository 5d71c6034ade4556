//! Load: a consumer app that enqueues, workers, an operator, ticks. Whoever gets no answer asks again.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::client::Client;
use super::process::Address;
use crate::dice::Dice;
use crate::history::History;
use crate::plane::keys;
use crate::schedule::Burden;
use crate::wire::Link;

/// So many enqueue at once, each to all conversations.
const APPS: u64 = 4;
/// So many workers.
const WORKERS: u64 = 4;
/// So many conversations.
const CONVERSATIONS: u64 = 6;
/// When so many messages wait, those who enqueue wait too: whoever works must come after.
const BACKLOG_MAX: u64 = 40;
/// When what is left is not worked off after so long, something is stuck.
const DRAINED_MAX: Duration = Duration::from_secs(180);

/// What everybody of a load knows.
struct Shared {
    history: History,
    addresses: Vec<Address>,
    seed: u64,
    accepted: AtomicU64,
    ended: AtomicU64,
    /// Accepted messages that an operator may cancel.
    recent: Mutex<Vec<String>>,
    closing: AtomicBool,
}

impl Shared {
    fn client(&self, number: u64, link: Link, bearer: Option<&str>) -> Client {
        let at = usize::try_from(number).unwrap_or(0) % self.addresses.len();
        Client::new(self.addresses[at].clone(), self.history.clone(), link, bearer)
    }

    fn operator(&self) -> Client {
        self.client(0, Link::OperatorToPlane, Some(keys::OPERATOR))
    }

    fn remember(&self, message_id: &str) {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).push(message_id.to_owned());
    }

    fn last_accepted(&self) -> Option<String> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }
}

/// A load that goes on until it is dropped or [drained](Self::drain).
pub struct Load {
    shared: Arc<Shared>,
    actors: JoinSet<()>,
    /// All secrets that it was given.
    pub secrets: Vec<String>,
}

impl Load {
    /// Prepares a new clawstead, and begins. The parties are spread over the addresses.
    ///
    /// # Errors
    /// It does not take what it is given.
    pub async fn begin(addresses: Vec<Address>, history: History, seed: u64) -> Result<Self> {
        let (accepted, ended, closing) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
        let shared = Arc::new(Shared { history, addresses, seed, accepted, ended, recent: Mutex::default(), closing });
        let operator = shared.operator();
        let lease = json!({"lease_ms": 1_500, "silent_after_ms": 60_000, "max_deliveries": 20});
        done(&operator, Method::PUT, "/v1/config/lease", &lease).await?;
        let retry = json!({"max_attempts": 3, "base_delay_ms": 1, "max_delay_ms": 50});
        done(&operator, Method::PUT, "/v1/config/retry", &retry).await?;
        done(&operator, Method::PUT, "/v1/agents/default", &json!({})).await?;
        let mut secrets = [keys::OPERATOR, keys::TICK].map(str::to_owned).to_vec();
        let mut actors = JoinSet::new();
        for number in 0..APPS {
            actors.spawn(enqueue(Arc::clone(&shared), number));
        }
        for number in 0..WORKERS {
            let worker = done(&operator, Method::POST, "/v1/workers", &json!({"name": format!("own-{number}")})).await?;
            let token = worker["token"].as_str().context("a token")?.to_owned();
            secrets.push(token.clone());
            actors.spawn(work(Arc::clone(&shared), number, token));
        }
        for number in 0..shared.addresses.len() as u64 {
            actors.spawn(tick(Arc::clone(&shared), number));
        }
        actors.spawn(operate(Arc::clone(&shared)));
        Ok(Self { shared, actors, secrets })
    }

    /// So many messages were answered for.
    pub fn accepted(&self) -> u64 {
        self.shared.accepted.load(Ordering::Relaxed)
    }

    /// Nothing new; waits until all is worked off.
    ///
    /// # Errors
    /// Something is stuck, or nobody answers.
    pub async fn drain(mut self) -> Result<()> {
        self.shared.closing.store(true, Ordering::Relaxed);
        let operator = self.shared.operator();
        let since = Instant::now();
        while !is_idle(&operator).await {
            ensure!(
                since.elapsed() < DRAINED_MAX,
                "something is stuck: {:?}",
                operator.ask(Method::GET, "/v1/queue/stats", None, &Value::Null).await
            );
            pause(50).await;
        }
        self.actors.shutdown().await;
        Ok(())
    }
}

async fn is_idle(operator: &Client) -> bool {
    let stats = operator.ask(Method::GET, "/v1/queue/stats", None, &Value::Null).await;
    stats.is_some_and(|stats| ["queued_ready", "queued_later", "processing"].iter().all(|name| stats.json[name] == 0))
}

/// Asks for what must be done before anything goes wrong.
///
/// # Errors
/// It is not done.
pub async fn done(operator: &Client, method: Method, path: &str, body: &Value) -> Result<Value> {
    let heard = operator.ask(method, path, None, body).await.with_context(|| format!("no answer at {path}"))?;
    ensure!(heard.is_success(), "{path}: {heard:?}");
    Ok(heard.json)
}

async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// A message of a consumer app's.
pub fn message(number: u64, conversation: u64) -> Value {
    json!({
        "conversation_id": format!("app-{conversation}"), "agent_key": "default", "provider": "app", "provider_user_id": "ada",
        "text": crate::actors::engine::text_of(number, Burden { seconds: 0, failures: 0 }),
    })
}

async fn enqueue(shared: Arc<Shared>, app: u64) {
    let client = shared.client(app, Link::AppToPlane, Some(keys::OPERATOR));
    for number in 0.. {
        while shared.accepted.load(Ordering::Relaxed) > shared.ended.load(Ordering::Relaxed) + BACKLOG_MAX {
            if shared.is_closing() {
                return;
            }
            pause(5).await;
        }
        let (key, body) = (format!("{app}-{number}"), message(number * APPS + app, number % CONVERSATIONS));
        loop {
            if shared.is_closing() {
                return;
            }
            match client.ask(Method::POST, "/v1/messages", Some(&key), &body).await {
                Some(heard) if heard.status < 500 => {
                    heard.json["message_id"].as_str().into_iter().for_each(|id| shared.remember(id));
                    break;
                }
                _ => pause(10).await,
            }
        }
        shared.accepted.fetch_add(1, Ordering::Relaxed);
    }
}

async fn work(shared: Arc<Shared>, number: u64, token: String) {
    let client = shared.client(number, Link::WorkerToPlane, None);
    let dice = Dice::of(shared.seed, 1_000 + number);
    let base = format!("/worker/{token}/v1");
    loop {
        let job = match client.post(&format!("{base}/claim"), &json!({})).await {
            Some(heard) if heard.status == 200 => heard.json,
            _ => {
                pause(dice.between(5, 40)).await;
                continue;
            }
        };
        let holder = json!({"message_id": job["message_id"], "lease_id": job["lease_id"]});
        // It crashes and remembers nothing.
        if dice.one_in(25) {
            continue;
        }
        if dice.one_in(4) {
            client.post(&format!("{base}/heartbeat"), &holder).await;
        }
        if dice.one_in(12) {
            let mut failure = holder.clone();
            failure["error"] = json!("it did not work");
            client.post(&format!("{base}/fail"), &failure).await;
            continue;
        }
        // Sometimes it says so twice.
        let mut times = dice.between(1, 3);
        while times > 0 {
            match client.post(&format!("{base}/complete"), &holder).await {
                Some(heard) if heard.status < 500 => times -= 1,
                _ => pause(10).await,
            }
        }
        shared.ended.fetch_add(1, Ordering::Relaxed);
    }
}

async fn tick(shared: Arc<Shared>, number: u64) {
    let client = shared.client(number, Link::TimerToPlane, Some(keys::TICK));
    loop {
        client.post("/internal/tick", &json!({})).await;
        pause(150).await;
    }
}

/// Cancels, replays, and has the views made anew.
async fn operate(shared: Arc<Shared>) {
    let client = shared.operator();
    let dice = Dice::of(shared.seed, 2_000);
    while !shared.is_closing() {
        pause(dice.between(50, 250)).await;
        match dice.between(0, 8) {
            0 => drop(client.post("/v1/views/rebuild", &json!({})).await),
            1 | 2 => drop(client.post("/v1/dead-letters/replay", &json!({"limit": 50})).await),
            _ => {
                let Some(id) = shared.last_accepted() else { continue };
                let heard = client.post(&format!("/v1/messages/{id}/cancel"), &json!({})).await;
                if heard.is_some_and(|heard| heard.is_success()) {
                    shared.ended.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }
}
