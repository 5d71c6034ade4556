//! Deliveries that are due. In the order of the log for each subscription, and at least once: what was sent just before a crash
//! is sent again.

use clawstead_domain::config::WebhooksPolicy;
use clawstead_domain::subscription::{self, Delivery, SubscriptionEvent};
use clawstead_ledger::{Engine, Expected};
use clawstead_transport::Transport;
use clawstead_vault::KeyRing;

use super::dead::deliver_dead;
use super::post::{Heard, post};
use super::{Addresses, COLUMNS, Subscription, secret_ref, subscription_of};
use crate::{Cx, OperationError, app_events, configs, secrets};

/// Delivers to at most `limit` subscriptions what they have not been told, and what somebody wants tried anew. Gives how many
/// deliveries were taken.
///
/// # Errors
/// When the database does not answer. What an address does not take is kept with the subscription.
pub async fn deliver_due<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    transport: &T,
    addresses: &Addresses,
    limit: i64,
) -> Result<i64, OperationError> {
    let policy: WebhooksPolicy = configs::load(cx).await?.get()?;
    let newest = app_events::newest(cx).await?;
    let sql =
        format!("SELECT {COLUMNS} FROM subscriptions WHERE retry_at <= ?1 AND told_through < ?2 ORDER BY retry_at LIMIT ?3");
    let rows = cx.sql(&sql, &[cx.now.into(), newest.into(), limit.into()]).await?;
    let mut taken = 0;
    for row in rows.iter() {
        let subscription = subscription_of(&row)?;
        match next(cx, keys, transport, addresses, &policy, &subscription).await {
            Ok(delivered) => taken += i64::from(delivered),
            // It ended, or another tick was faster.
            Err(OperationError::Raced) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(taken + deliver_dead(cx, keys, transport, addresses, limit).await?)
}

/// Delivers what a subscription has not been told; whether it took something.
async fn next<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    transport: &T,
    addresses: &Addresses,
    policy: &WebhooksPolicy,
    subscription: &Subscription,
) -> Result<bool, OperationError> {
    let page = app_events::after(cx, &subscription.reach, subscription.told_through, policy.events_max).await?;
    let delivery = Delivery {
        after: subscription.told_through,
        through: page.next_after,
        count: page.events.len() as i64,
        attempts: subscription.attempts,
    };
    let heard = match page.events.is_empty() {
        true => Heard::Taken,
        false => send(cx, keys, transport, addresses, subscription, &delivery, &page.events).await?,
    };
    let event = subscription::delivered(&delivery, heard.answer(), policy, cx.new_id(), cx.now);
    cx.append(&subscription.subscription_id, Expected::Version(subscription.stream_version), &[event]).await?;
    Ok(heard == Heard::Taken && delivery.count > 0)
}

/// Sends the events of a delivery. An address that the operator has taken back since is not called.
pub(super) async fn send<E: Engine, T: Transport>(
    cx: &Cx<'_, E>,
    keys: &KeyRing,
    transport: &T,
    addresses: &Addresses,
    subscription: &Subscription,
    delivery: &Delivery,
    events: &[app_events::AppEvent],
) -> Result<Heard, OperationError> {
    if addresses.check(&subscription.url).is_err() {
        return Ok(Heard::Failed("the operator does not allow this host any more".to_owned()));
    }
    let Some(secret) = secrets::open(cx, keys, &secret_ref(&subscription.subscription_id)).await? else {
        return Ok(Heard::Failed("its secret is gone".to_owned()));
    };
    let id = format!("{}.{}-{}", subscription.subscription_id, delivery.after, delivery.through);
    Ok(post(transport, &subscription.url, secret.expose(), &id, &subscription.subscription_id, events, cx.now).await)
}

/// The event of a subscription that has nothing left to be told of a dead delivery.
pub(super) fn dead_outcome(delivery_id: &str, heard: &Heard) -> SubscriptionEvent {
    let delivery_id = delivery_id.to_owned();
    match heard {
        Heard::Taken => SubscriptionEvent::DeadDeliveryDelivered { delivery_id },
        Heard::Gone => SubscriptionEvent::SubscriptionEnded { reason: "gone".to_owned() },
        Heard::Failed(reason) => SubscriptionEvent::DeadDeliveryFailed { delivery_id, reason: reason.clone() },
    }
}
