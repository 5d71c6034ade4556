//! Updates on their way to webhooks: strictly in order within a chat, chats beside each other.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::header::RETRY_AFTER;
use serde_json::Value;

use super::Shared;
use super::methods;
use super::parameters::Parameters;
use super::state::{Delivery, Outcome, PendingUpdate, State};
use super::webhook::{self, LastError, Webhook};
use crate::clock::now_ms;
use crate::web::WebError;

const SECRET_HEADER: &str = "X-Telegram-Bot-Api-Secret-Token";
const DROPPED_AFTER_MS: i64 = 24 * 60 * 60 * 1_000;

/// The chats, by bot, whose updates are being delivered right now: one task each.
#[derive(Default)]
pub(crate) struct Lanes {
    busy: Mutex<BTreeSet<(i64, i64)>>,
}

impl Lanes {
    fn busy(&self) -> MutexGuard<'_, BTreeSet<(i64, i64)>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How one request to a webhook went.
#[derive(Default)]
struct Attempt {
    /// Nothing when there was no answer.
    status: Option<u16>,
    body: String,
    retry_after: Option<Duration>,
    error: Option<String>,
}

impl Attempt {
    fn failed(error: WebError) -> Attempt {
        Attempt { error: Some(error.to_string()), ..Attempt::default() }
    }

    fn delivered(&self) -> bool {
        self.error.is_none()
    }
}

/// Queues an update and starts its delivery.
pub(crate) fn push(shared: &Arc<Shared>, bot_id: i64, update: Value) -> u64 {
    let seq = shared.store.change(|state| enqueue(state, bot_id, update));
    resume(shared);
    seq
}

/// Waits until a delivery has ended; without a webhook it does not wait.
pub(crate) async fn ended(shared: &Shared, seq: u64) -> Delivery {
    let limit = shared.options.deliver_wait;
    let settled = |state: &State| {
        let delivery = state.deliveries.get(&seq)?;
        let account = state.accounts.get(&delivery.bot_id);
        let has_webhook = account.is_some_and(|account| account.webhook.is_some());
        (delivery.outcome != Outcome::Pending || !has_webhook).then(|| delivery.clone())
    };
    if let Some(delivery) = shared.store.wait_for(limit, settled).await {
        return delivery;
    }
    shared.store.read(|state| state.deliveries.get(&seq).cloned()).expect("pending ones are kept")
}

/// Starts a task for every chat that has something to deliver and no task yet.
pub(crate) fn resume(shared: &Arc<Shared>) {
    let mut busy = shared.lanes.busy();
    let waiting: BTreeSet<(i64, i64)> = shared.store.read(|state| {
        let with_webhook = state.accounts.iter().filter(|(_, account)| account.webhook.is_some());
        with_webhook.flat_map(|(bot_id, account)| account.pending.iter().map(move |pending| (*bot_id, pending.chat_id))).collect()
    });
    for lane in waiting {
        if busy.insert(lane) {
            shared.tasks.spawn(run_lane(shared.clone(), lane.0, lane.1));
        }
    }
}

fn enqueue(state: &mut State, bot_id: i64, mut update: Value) -> u64 {
    let seq = state.take_seq();
    state.files.learn(&update);
    let kind = kind_of(&update).unwrap_or_default();
    let chat_id = chat_of(&update[&kind]);
    let mut delivery = Delivery {
        seq,
        bot_id,
        update_id: 0,
        chat_id,
        attempts: 0,
        status: None,
        body: String::new(),
        error: None,
        outcome: Outcome::Pending,
        queued_at_ms: now_ms(),
        ended_at_ms: None,
    };
    let Some(account) = state.accounts.get_mut(&bot_id) else {
        delivery.error = Some(format!("there is no bot {bot_id}"));
        delivery.end(Outcome::Dropped);
        state.record_delivery(delivery);
        return seq;
    };
    delivery.update_id = match update["update_id"].as_i64() {
        Some(update_id) => update_id,
        None => account.next_update_id,
    };
    update["update_id"] = delivery.update_id.into();
    account.next_update_id = account.next_update_id.max(delivery.update_id + 1);
    if let Some(message_id) = update[&kind]["message_id"].as_i64() {
        account.next_message_id = account.next_message_id.max(message_id + 1);
    }
    if update[&kind]["chat"].is_object() {
        account.chats.insert(chat_id, update[&kind]["chat"].clone());
    }
    if webhook::wanted(&account.allowed_updates, &kind) {
        account.pending.push_back(PendingUpdate { seq, chat_id, update });
    } else {
        delivery.end(Outcome::NotWanted);
    }
    state.record_delivery(delivery);
    seq
}

/// The kind of an update is the name of its only field beside `update_id`.
fn kind_of(update: &Value) -> Option<String> {
    update.as_object()?.keys().find(|name| *name != "update_id").cloned()
}

fn chat_of(content: &Value) -> i64 {
    let places = ["/chat/id", "/message/chat/id", "/from/id", "/user/id"];
    places.iter().find_map(|place| content.pointer(place)?.as_i64()).unwrap_or(0)
}

async fn run_lane(shared: Arc<Shared>, bot_id: i64, chat_id: i64) {
    loop {
        let next = {
            // Under the lock of the lanes, or an update queued right now would find this task still
            // registered and nobody would deliver it.
            let mut busy = shared.lanes.busy();
            let next = shared.store.read(|state| next_of(state, bot_id, chat_id));
            if next.is_none() {
                busy.remove(&(bot_id, chat_id));
            }
            next
        };
        let Some((pending, webhook)) = next else { return };
        let connection = shared.connections.take(bot_id, &webhook).await;
        let attempt = attempt(&shared, &pending.update, &webhook).await;
        drop(connection);
        if let Some(delay) = settle(&shared, bot_id, &pending, &attempt) {
            let set_anew = |state: &State| {
                let current = state.accounts.get(&bot_id)?.webhook.as_ref().map(|one| one.setting);
                (current != Some(webhook.setting)).then_some(())
            };
            shared.store.wait_for(delay, set_anew).await;
        }
    }
}

fn next_of(state: &State, bot_id: i64, chat_id: i64) -> Option<(PendingUpdate, Webhook)> {
    let account = state.accounts.get(&bot_id)?;
    let webhook = account.webhook.clone()?;
    let pending = account.pending.iter().find(|pending| pending.chat_id == chat_id)?;
    Some((pending.clone(), webhook))
}

async fn attempt(shared: &Shared, update: &Value, webhook: &Webhook) -> Attempt {
    let mut request = shared.http.post_json(&webhook.url, update).timeout(shared.options.webhook_timeout);
    if let Some(secret) = &webhook.secret_token {
        request = request.header(SECRET_HEADER, secret);
    }
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => return Attempt::failed(error),
    };
    let status = response.status();
    Attempt {
        status: Some(status.as_u16()),
        body: response.text(),
        retry_after: response.header(RETRY_AFTER.as_str()).and_then(|value| value.parse().ok()).map(Duration::from_secs),
        error: (!status.is_success()).then(|| format!("Wrong response from the webhook: {status}")),
    }
}

/// Writes an attempt down; gives the delay before the next one when the update is still pending.
fn settle(shared: &Arc<Shared>, bot_id: i64, pending: &PendingUpdate, attempt: &Attempt) -> Option<Duration> {
    let attempts = shared.store.change(|state| {
        let delivery = state.deliveries.get_mut(&pending.seq)?;
        record(delivery, attempt);
        let goes_on = delivery.outcome == Outcome::Pending;
        let attempts = delivery.attempts;
        let account = state.accounts.get_mut(&bot_id)?;
        if !goes_on {
            account.pending.retain(|one| one.seq != pending.seq);
        }
        if let (Some(message), Some(webhook)) = (&attempt.error, account.webhook.as_mut()) {
            webhook.last_error = Some(LastError { date: now_ms() / 1_000, message: message.clone() });
        }
        goes_on.then_some(attempts)
    });
    if attempt.delivered() {
        execute_reply(shared, bot_id, &attempt.body);
    }
    let attempts = attempts?;
    Some(attempt.retry_after.unwrap_or_else(|| delay_after(shared, attempts)))
}

fn record(delivery: &mut Delivery, attempt: &Attempt) {
    delivery.attempts += 1;
    delivery.status = attempt.status;
    delivery.body.clone_from(&attempt.body);
    delivery.error.clone_from(&attempt.error);
    if delivery.outcome != Outcome::Pending {
        // Dropped while the request was under way.
        return;
    }
    if attempt.delivered() {
        delivery.end(Outcome::Delivered);
    } else if now_ms() - delivery.queued_at_ms > DROPPED_AFTER_MS {
        delivery.end(Outcome::Dropped);
    }
}

/// None after the first failure, then the base, then twice as long each time.
fn delay_after(shared: &Shared, attempts: u32) -> Duration {
    if attempts <= 1 {
        return Duration::ZERO;
    }
    let doublings = (attempts - 2).min(31);
    shared.options.retry_base.saturating_mul(1 << doublings).min(shared.options.retry_max)
}

/// A webhook may answer with a call; nobody hears whether it worked.
fn execute_reply(shared: &Arc<Shared>, bot_id: i64, body: &str) {
    let Ok(Value::Object(mut fields)) = serde_json::from_str(body) else { return };
    let Some(Value::String(method)) = fields.remove("method") else { return };
    if let Err(refusal) = methods::call(shared, bot_id, &method, Parameters::of_fields(fields)) {
        tracing::debug!(method, ?refusal, "reply call refused");
    }
}
