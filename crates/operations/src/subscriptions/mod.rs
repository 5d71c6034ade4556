//! Telling consumer apps what happens, at addresses of theirs.

mod address;
mod dead;
mod deliver;
mod post;

use clawstead_domain::Refusal;
use clawstead_domain::api_key::Reach;
use clawstead_domain::subscription::{self, SubscriptionEvent};
use clawstead_ledger::{Engine, Expected, Row};
use clawstead_vault::{KeyRing, mint_signing_secret};
use serde::Serialize;

use crate::{Cx, OperationError, app_events, decide, secrets};

pub use address::Addresses;
pub use dead::{DeadDelivery, dead_deliveries, replay};
pub use deliver::deliver_due;

/// A subscription that was just made. The only time anybody sees its secret.
#[derive(Serialize)]
pub struct NewSubscription {
    /// Its id.
    pub subscription_id: String,
    /// What deliveries are signed with (standardwebhooks.com).
    pub secret: String,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subscription {
    /// Its id.
    pub subscription_id: String,
    /// Where deliveries go.
    pub url: String,
    /// About whom.
    #[serde(flatten)]
    pub reach: Reach,
    /// How far it was told.
    pub told_through: i64,
    /// How often in a row the next delivery failed.
    pub attempts: i64,
    /// When the next delivery is tried; never, when it has ended.
    pub retry_at: Option<i64>,
    /// Why the last delivery failed.
    pub last_error: Option<String>,
    /// When it was made.
    pub made_at: i64,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// Version of its stream.
    #[serde(skip)]
    pub stream_version: i64,
}

const COLUMNS: &str =
    "subscription_id, url, agents, users, told_through, attempts, retry_at, last_error, made_at, ended_at, stream_version";

/// Makes a subscription: from now on, or from what comes after a position. Its secret is sealed before its event, so that
/// nothing goes out unsigned.
///
/// # Errors
/// When the address is not one that the operator allows, or a value cannot be.
pub async fn make<E: Engine>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    addresses: &Addresses,
    url: &str,
    reach: Reach,
    after: Option<i64>,
) -> Result<NewSubscription, OperationError> {
    addresses.check(url)?;
    let after = match after {
        Some(after) => after,
        None => app_events::newest(cx).await?,
    };
    let event = subscription::make(url, reach, after)?;
    let subscription_id = cx.new_id();
    let secret = mint_signing_secret(cx.random());
    secrets::import(cx, keys, &secret_ref(&subscription_id), &secret).await?;
    cx.append(&subscription_id, Expected::Version(0), &[event]).await?;
    Ok(NewSubscription { subscription_id, secret })
}

/// Ends a subscription and destroys its secret; once more changes nothing.
///
/// # Errors
/// When there is no such subscription.
pub async fn end<E: Engine>(cx: &Cx<'_, E>, subscription_id: &str) -> Result<(), OperationError> {
    decide(async || {
        let known = get(cx, subscription_id).await?;
        if known.ended_at.is_some() {
            return Ok(());
        }
        let ended = SubscriptionEvent::SubscriptionEnded { reason: "requested".to_owned() };
        cx.append(subscription_id, Expected::Version(known.stream_version), &[ended]).await
    })
    .await?;
    secrets::destroy(cx, &secret_ref(subscription_id)).await
}

/// One subscription.
///
/// # Errors
/// When there is no such subscription.
pub async fn get<E: Engine>(cx: &Cx<'_, E>, subscription_id: &str) -> Result<Subscription, OperationError> {
    let sql = format!("SELECT {COLUMNS} FROM subscriptions WHERE subscription_id = ?1");
    let rows = cx.sql(&sql, &[subscription_id.into()]).await?;
    let unknown = || OperationError::from(Refusal::not_found("subscription_not_found", "there is no such subscription"));
    rows.first().map(|row| subscription_of(&row)).transpose()?.ok_or_else(unknown)
}

/// Subscriptions by id, after `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn list<E: Engine>(cx: &Cx<'_, E>, after: &str, limit: i64) -> Result<Vec<Subscription>, OperationError> {
    let sql = format!("SELECT {COLUMNS} FROM subscriptions WHERE subscription_id > ?1 ORDER BY subscription_id LIMIT ?2");
    cx.sql(&sql, &[after.into(), limit.into()]).await?.iter().map(|row| subscription_of(&row)).collect()
}

fn secret_ref(subscription_id: &str) -> String {
    format!("webhook.signingSecret.{subscription_id}")
}

fn subscription_of(row: &Row<'_>) -> Result<Subscription, OperationError> {
    let list = |column| match row.text(column) {
        Some(text) => serde_json::from_str(&text).ok().map(Some),
        None => Some(None),
    };
    let read = || {
        Some(Subscription {
            subscription_id: row.text("subscription_id")?,
            url: row.text("url")?,
            reach: Reach { agents: list("agents")?, users: list("users")?, companies: None },
            told_through: row.integer("told_through")?,
            attempts: row.integer("attempts")?,
            retry_at: row.integer("retry_at"),
            last_error: row.text("last_error"),
            made_at: row.integer("made_at")?,
            ended_at: row.integer("ended_at"),
            stream_version: row.integer("stream_version")?,
        })
    };
    read().ok_or_else(|| OperationError::unexpected("a row of subscriptions"))
}
