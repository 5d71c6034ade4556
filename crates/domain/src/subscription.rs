//! Subscriptions: consumer apps that are told what happens, at an address of theirs.

use serde::{Deserialize, Serialize};

use crate::api_key::Reach;
use crate::config::WebhooksPolicy;
use crate::{DomainEvent, Refusal, text};

/// Events of a subscription's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum SubscriptionEvent {
    /// Somebody wants to be told.
    SubscriptionMade {
        /// Where.
        url: String,
        /// About whom.
        #[serde(flatten)]
        reach: Reach,
        /// Of what comes after this position of the log.
        after: i64,
    },
    /// Nobody is told any more.
    SubscriptionEnded {
        /// Why: `requested`, or `gone` when the address said so.
        reason: String,
    },
    /// Everything up to here was told, or was not for this subscription.
    EventsDelivered {
        /// Position of the log.
        through: i64,
        /// How many events it were.
        count: i64,
    },
    /// A delivery failed and will be tried again.
    DeliveryFailed {
        /// How often in a row.
        attempts: i64,
        /// When it is tried again.
        retry_at: i64,
        /// Why.
        reason: String,
    },
    /// A delivery failed so often that what comes after it goes on without it.
    DeliveryDeadLettered {
        /// Names it from now on.
        delivery_id: String,
        /// It began after this position.
        after: i64,
        /// Its last position.
        through: i64,
        /// How often it was tried.
        attempts: i64,
        /// Why it failed last.
        reason: String,
    },
    /// Somebody wants it tried anew.
    DeadDeliveryReplayed {
        /// Which one.
        delivery_id: String,
    },
    /// It was delivered after all.
    DeadDeliveryDelivered {
        /// Which one.
        delivery_id: String,
    },
    /// It failed again, and waits for somebody to want it tried anew.
    DeadDeliveryFailed {
        /// Which one.
        delivery_id: String,
        /// Why.
        reason: String,
    },
}

impl DomainEvent for SubscriptionEvent {
    const KIND: &'static str = "subscription";
}

/// What is to be delivered next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// It begins after this position.
    pub after: i64,
    /// Its last position.
    pub through: i64,
    /// How many events it holds.
    pub count: i64,
    /// How often in a row it failed.
    pub attempts: i64,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer<'a> {
    /// It was taken.
    Taken,
    /// There is nobody at the address any more.
    Gone,
    /// It was not taken, or nobody knows.
    Failed(&'a str),
}

/// Makes a subscription.
///
/// # Errors
/// When the address or the reach cannot be.
pub fn make(url: &str, reach: Reach, after: i64) -> Result<SubscriptionEvent, Refusal> {
    text::check_text("url", url, 2_048)?;
    reach.check()?;
    if after < 0 {
        return Err(Refusal::invalid("after", "must be a position of the log"));
    }
    Ok(SubscriptionEvent::SubscriptionMade { url: url.to_owned(), reach, after })
}

/// What follows from the answer to a delivery. `delivery_id` is its name should it be given up.
pub fn delivered(
    delivery: &Delivery,
    answer: Answer<'_>,
    policy: &WebhooksPolicy,
    delivery_id: String,
    now: i64,
) -> SubscriptionEvent {
    let attempts = delivery.attempts + 1;
    match answer {
        Answer::Taken => SubscriptionEvent::EventsDelivered { through: delivery.through, count: delivery.count },
        Answer::Gone => SubscriptionEvent::SubscriptionEnded { reason: "gone".to_owned() },
        Answer::Failed(reason) if attempts >= policy.attempts_max => SubscriptionEvent::DeliveryDeadLettered {
            delivery_id,
            after: delivery.after,
            through: delivery.through,
            attempts,
            reason: text::truncate(reason, 300).to_owned(),
        },
        Answer::Failed(reason) => SubscriptionEvent::DeliveryFailed {
            attempts,
            retry_at: now + policy.delay_ms(attempts),
            reason: text::truncate(reason, 300).to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(attempts: i64, answer: Answer<'_>) -> SubscriptionEvent {
        let delivery = Delivery { after: 3, through: 9, count: 2, attempts };
        delivered(&delivery, answer, &WebhooksPolicy::default(), "d".into(), 0)
    }

    #[test]
    fn what_is_taken_is_behind_and_what_is_not_comes_again_ever_later_until_it_is_given_up() {
        assert_eq!(after(4, Answer::Taken), SubscriptionEvent::EventsDelivered { through: 9, count: 2 });
        let retry_at = |attempts| match after(attempts, Answer::Failed("502")) {
            SubscriptionEvent::DeliveryFailed { retry_at, .. } => Some(retry_at),
            _ => None,
        };
        assert_eq!((retry_at(0), retry_at(1), retry_at(10)), (Some(5_000), Some(10_000), Some(3_600_000)));
        assert!(matches!(after(11, Answer::Failed("502")), SubscriptionEvent::DeliveryDeadLettered { attempts: 12, .. }));
        assert!(matches!(after(0, Answer::Gone), SubscriptionEvent::SubscriptionEnded { .. }));
    }
}
