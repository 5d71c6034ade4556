//! Deliveries that were given up: they are listed, and tried anew when somebody wants it.

use clawstead_domain::Refusal;
use clawstead_domain::subscription::{Delivery, SubscriptionEvent};
use clawstead_ledger::{Engine, Expected, Row};
use clawstead_transport::Transport;
use clawstead_vault::KeyRing;
use serde::Serialize;

use super::deliver::{dead_outcome, send};
use super::post::Heard;
use super::{Addresses, get};
use crate::{Cx, OperationError, app_events, decide};

/// A delivery that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadDelivery {
    /// Its id.
    pub delivery_id: String,
    /// Whose.
    pub subscription_id: String,
    /// It begins after this position of the log.
    pub after: i64,
    /// Its last position.
    pub through: i64,
    /// How often it was tried.
    pub attempts: i64,
    /// Why it failed last.
    pub last_error: String,
    /// When it was given up.
    pub dead_at: i64,
    /// When it is tried anew, if somebody wants that.
    pub retry_at: Option<i64>,
}

/// Events of one delivery, at most; more than any policy allows.
const EVENTS_MAX: i64 = 500;

const COLUMNS: &str = "delivery_id, subscription_id, after, through, attempts, last_error, dead_at, retry_at";

/// What was given up of a subscription, by id, after `after`.
///
/// # Errors
/// When there is no such subscription.
pub async fn dead_deliveries<E: Engine>(
    cx: &Cx<'_, E>,
    subscription_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<DeadDelivery>, OperationError> {
    get(cx, subscription_id).await?;
    let sql = format!(
        "SELECT {COLUMNS} FROM dead_deliveries WHERE subscription_id = ?1 AND delivery_id > ?2 ORDER BY delivery_id LIMIT ?3"
    );
    cx.sql(&sql, &[subscription_id.into(), after.into(), limit.into()]).await?.iter().map(|row| dead_of(&row)).collect()
}

/// Has a delivery tried anew, by the next tick.
///
/// # Errors
/// When there is no such delivery, or its subscription has ended.
pub async fn replay<E: Engine>(cx: &Cx<'_, E>, subscription_id: &str, delivery_id: &str) -> Result<(), OperationError> {
    decide(async || {
        let subscription = get(cx, subscription_id).await?;
        if subscription.ended_at.is_some() {
            return Err(Refusal::conflict("subscription_ended", "nobody is told any more").into());
        }
        let sql = format!("SELECT {COLUMNS} FROM dead_deliveries WHERE delivery_id = ?1 AND subscription_id = ?2");
        let rows = cx.sql(&sql, &[delivery_id.into(), subscription_id.into()]).await?;
        let dead = rows.first().map(|row| dead_of(&row)).transpose()?;
        let dead = dead.ok_or_else(|| Refusal::not_found("delivery_not_found", "there is no such delivery"))?;
        if dead.retry_at.is_some() {
            return Ok(());
        }
        let replayed = SubscriptionEvent::DeadDeliveryReplayed { delivery_id: delivery_id.to_owned() };
        cx.append(subscription_id, Expected::Version(subscription.stream_version), &[replayed]).await
    })
    .await
}

/// Tries those anew that somebody wants tried; gives how many were taken.
pub(super) async fn deliver_dead<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    transport: &T,
    addresses: &Addresses,
    limit: i64,
) -> Result<i64, OperationError> {
    let sql = format!("SELECT {COLUMNS} FROM dead_deliveries WHERE retry_at <= ?1 ORDER BY retry_at LIMIT ?2");
    let rows = cx.sql(&sql, &[cx.now.into(), limit.into()]).await?;
    let mut taken = 0;
    for row in rows.iter() {
        let dead = dead_of(&row)?;
        let subscription = get(cx, &dead.subscription_id).await?;
        let mut events = app_events::after(cx, &subscription.reach, dead.after, EVENTS_MAX).await?.events;
        events.retain(|event| event.position <= dead.through);
        let count = events.len() as i64;
        let delivery = Delivery { after: dead.after, through: dead.through, count, attempts: dead.attempts };
        let heard = send(cx, keys, transport, addresses, &subscription, &delivery, &events).await?;
        let event = dead_outcome(&dead.delivery_id, &heard);
        match cx.append(&dead.subscription_id, Expected::Version(subscription.stream_version), &[event]).await {
            Ok(()) => taken += i64::from(heard == Heard::Taken),
            Err(OperationError::Raced) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(taken)
}

fn dead_of(row: &Row<'_>) -> Result<DeadDelivery, OperationError> {
    let read = || {
        Some(DeadDelivery {
            delivery_id: row.text("delivery_id")?,
            subscription_id: row.text("subscription_id")?,
            after: row.integer("after")?,
            through: row.integer("through")?,
            attempts: row.integer("attempts")?,
            last_error: row.text("last_error")?,
            dead_at: row.integer("dead_at")?,
            retry_at: row.integer("retry_at"),
        })
    };
    read().ok_or_else(|| OperationError::unexpected("a row of dead_deliveries"))
}
