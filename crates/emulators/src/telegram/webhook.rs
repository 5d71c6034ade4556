//! Where a bot's updates go: `setWebhook`, `getWebhookInfo`, `deleteWebhook`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::parameters::Parameters;
use super::state::{Account, Outcome, State};
use super::{Shared, delivery};

/// The kinds that come only when they are asked for by name.
const ONLY_BY_NAME: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];
const SECRET_MAX: usize = 256;
const CONNECTIONS: std::ops::RangeInclusive<i64> = 1..=100;
const CONNECTIONS_DEFAULT: i64 = 40;

/// A webhook that is set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Webhook {
    pub(crate) url: String,
    pub(crate) secret_token: Option<String>,
    pub(crate) max_connections: i64,
    pub(crate) last_error: Option<LastError>,
    /// Tells one setting from the next, even with the same URL.
    pub(crate) setting: u64,
}

/// The latest failed attempt.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LastError {
    pub(crate) date: i64,
    pub(crate) message: String,
}

/// Whether an update of this kind is delivered; an empty list stands for the default.
pub(crate) fn wanted(allowed: &[String], kind: &str) -> bool {
    if allowed.is_empty() {
        return !ONLY_BY_NAME.contains(&kind);
    }
    allowed.iter().any(|one| one == kind)
}

pub(crate) fn set(shared: &Arc<Shared>, bot_id: i64, parameters: &Parameters) -> Answer {
    let url = parameters.text("url").unwrap_or_default();
    if url.is_empty() {
        return delete(shared, bot_id, parameters);
    }
    check_url(&url)?;
    let secret_token = parameters.text("secret_token").filter(|secret| !secret.is_empty());
    if let Some(secret) = &secret_token {
        check_secret(secret)?;
    }
    let max_connections = match parameters.integer("max_connections") {
        None => CONNECTIONS_DEFAULT,
        Some(count) => count.clamp(*CONNECTIONS.start(), *CONNECTIONS.end()),
    };
    let allowed_updates = parameters.strings("allowed_updates")?;
    let drop_pending = parameters.boolean("drop_pending_updates");
    shared.store.change(|state| {
        let setting = state.take_seq();
        let account = account(state, bot_id)?;
        if let Some(allowed) = allowed_updates {
            account.allowed_updates = allowed;
        }
        account.webhook = Some(Webhook { url, secret_token, max_connections, last_error: None, setting });
        if drop_pending {
            drop_all_pending(state, bot_id);
        }
        Ok(())
    })?;
    delivery::resume(shared);
    Ok(Value::Bool(true))
}

pub(crate) fn delete(shared: &Shared, bot_id: i64, parameters: &Parameters) -> Answer {
    let drop_pending = parameters.boolean("drop_pending_updates");
    shared.store.change(|state| {
        account(state, bot_id)?.webhook = None;
        if drop_pending {
            drop_all_pending(state, bot_id);
        }
        Ok(Value::Bool(true))
    })
}

pub(crate) fn info(shared: &Shared, bot_id: i64) -> Answer {
    shared.store.read(|state| {
        let account = state.accounts.get(&bot_id).ok_or_else(Refusal::unauthorized)?;
        let mut info = json!({
            "url": "",
            "has_custom_certificate": false,
            "pending_update_count": account.pending.len(),
        });
        if !account.allowed_updates.is_empty() {
            info["allowed_updates"] = json!(account.allowed_updates);
        }
        let Some(webhook) = &account.webhook else { return Ok(info) };
        info["url"] = json!(webhook.url);
        info["max_connections"] = json!(webhook.max_connections);
        if let Some(error) = &webhook.last_error {
            info["last_error_date"] = json!(error.date);
            info["last_error_message"] = json!(error.message);
        }
        Ok(info)
    })
}

fn account(state: &mut State, bot_id: i64) -> Result<&mut Account, Refusal> {
    state.accounts.get_mut(&bot_id).ok_or_else(Refusal::unauthorized)
}

fn drop_all_pending(state: &mut State, bot_id: i64) {
    let Some(account) = state.accounts.get_mut(&bot_id) else { return };
    for dropped in std::mem::take(&mut account.pending) {
        if let Some(delivery) = state.deliveries.get_mut(&dropped.seq) {
            delivery.end(Outcome::Dropped);
        }
    }
}

/// Telegram wants HTTPS; the sandbox runs without certificates.
fn check_url(url: &str) -> Result<(), Refusal> {
    match reqwest::Url::parse(url) {
        Ok(parsed) if matches!(parsed.scheme(), "http" | "https") && parsed.has_host() => Ok(()),
        Ok(_) => Err(Refusal::bad_request("bad webhook: An HTTPS URL must be provided for webhook")),
        Err(_) => Err(Refusal::bad_request("invalid webhook URL specified")),
    }
}

fn check_secret(secret: &str) -> Result<(), Refusal> {
    if secret.len() > SECRET_MAX {
        return Err(Refusal::bad_request("secret token is too long"));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !secret.chars().all(allowed) {
        return Err(Refusal::bad_request("secret token contains unallowed characters"));
    }
    Ok(())
}
