//! Pairing codes: how a Telegram account proves that it belongs to a user of a consumer app.

use serde::{Deserialize, Serialize};

use crate::binding::{Binding, BindingEvent};
use crate::{DomainEvent, Refusal, text};

/// How long a code is good when nobody says, ms.
pub const TTL_DEFAULT_MS: i64 = 15 * 60_000;
/// Shortest life of a code, ms.
pub const TTL_LEAST_MS: i64 = 60_000;
/// Longest life of a code, ms.
pub const TTL_MOST_MS: i64 = 86_400_000;
/// So many codes of one user and agent may wait at once.
pub const PENDING_MAX: i64 = 3;

const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Events of a pairing's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum PairingEvent {
    /// A code was made. Only its hash is kept.
    PairingCreated {
        /// SHA-256 of the code, hex.
        code_hash: String,
        /// For whom.
        consumer_user_id: String,
        /// For which agent.
        agent_key: String,
        /// The bot that must bring it back.
        bot_id: Option<String>,
        /// Good until.
        expires_at: i64,
    },
    /// An account brought it back in time.
    PairingUsed {
        /// The account.
        telegram_user_id: String,
        /// The binding that was made.
        binding_id: String,
    },
    /// Nobody did.
    PairingExpired {},
    /// An account brought it back and was turned away.
    PairingRefused {
        /// The account.
        telegram_user_id: String,
        /// Why.
        reason: String,
    },
}

impl DomainEvent for PairingEvent {
    const KIND: &'static str = "pairing";
}

/// What is known of a pairing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pairing {
    /// Its id.
    pub pairing_id: String,
    /// For whom.
    pub consumer_user_id: String,
    /// For which agent.
    pub agent_key: String,
    /// The bot that must bring it back.
    pub bot_id: Option<String>,
    /// `pending`, `used` or `expired`.
    pub state: String,
    /// When it was made.
    pub created_at: i64,
    /// Good until.
    pub expires_at: i64,
    /// When it was used.
    pub used_at: Option<i64>,
    /// The account that used it.
    pub telegram_user_id: Option<String>,
    /// Version of its stream.
    #[serde(skip)]
    pub stream_version: i64,
}

/// A code of 60 random bits, in capitals and digits that cannot be taken for one another.
pub fn code(random: [u8; 12]) -> String {
    random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

/// Makes a code for a user and an agent.
///
/// # Errors
/// When an argument cannot be, or too many codes wait already.
pub fn create(
    consumer_user_id: &str,
    agent_key: &str,
    bot_id: Option<String>,
    ttl_ms: Option<i64>,
    pending: i64,
    code_hash: String,
    now: i64,
) -> Result<PairingEvent, Refusal> {
    text::check_id("consumer_user_id", consumer_user_id)?;
    if pending >= PENDING_MAX {
        return Err(Refusal::limit(
            "too_many_pairings",
            format!("{PENDING_MAX} codes of this user and agent are waiting already"),
        ));
    }
    let ttl_ms = ttl_ms.unwrap_or(TTL_DEFAULT_MS).clamp(TTL_LEAST_MS, TTL_MOST_MS);
    Ok(PairingEvent::PairingCreated {
        code_hash,
        consumer_user_id: consumer_user_id.to_owned(),
        agent_key: agent_key.to_owned(),
        bot_id,
        expires_at: now + ttl_ms,
    })
}

/// Who brings a code back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bringer {
    /// The bot it came through.
    pub bot_id: String,
    /// The account.
    pub telegram_user_id: String,
    /// Its private chat.
    pub telegram_chat_id: String,
}

/// Whether a code may be used now by this account. One text for every reason: the caller must not learn which codes exist.
///
/// # Errors
/// A refusal whose code tells the operator why.
pub fn check_use(pairing: &Pairing, bringer: &Bringer, now: i64) -> Result<(), Refusal> {
    let refuse = |code| Err(Refusal::conflict(code, "this code cannot be used"));
    if pairing.bot_id.as_ref().is_some_and(|bot_id| *bot_id != bringer.bot_id) {
        return refuse("pairing_of_another_bot");
    }
    if pairing.state == "used" {
        return refuse("pairing_used");
    }
    if pairing.state != "pending" || pairing.expires_at <= now {
        return refuse("pairing_expired");
    }
    Ok(())
}

/// The binding that a used code makes.
pub fn bind(pairing: &Pairing, bringer: &Bringer, conversation_id: String) -> BindingEvent {
    BindingEvent::BindingMade {
        consumer_user_id: pairing.consumer_user_id.clone(),
        agent_key: pairing.agent_key.clone(),
        conversation_id,
        bot_id: Some(bringer.bot_id.clone()),
        telegram_user_id: Some(bringer.telegram_user_id.clone()),
        telegram_chat_id: Some(bringer.telegram_chat_id.clone()),
        pairing_id: Some(pairing.pairing_id.clone()),
    }
}

/// Whether an account that is bound to somebody else may be bound anew: only by that user, or after a revocation.
///
/// # Errors
/// When it speaks for another user.
pub fn check_takeover(pairing: &Pairing, bound: Option<&Binding>) -> Result<(), Refusal> {
    match bound {
        Some(binding) if binding.consumer_user_id != pairing.consumer_user_id => {
            Err(Refusal::conflict("account_of_another_user", "this code cannot be used"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairing(state: &str) -> Pairing {
        Pairing {
            pairing_id: "p".into(),
            consumer_user_id: "u".into(),
            agent_key: "a".into(),
            bot_id: Some("1".into()),
            state: state.into(),
            created_at: 0,
            expires_at: 100,
            used_at: None,
            telegram_user_id: None,
            stream_version: 1,
        }
    }

    fn bringer(bot_id: &str) -> Bringer {
        Bringer { bot_id: bot_id.into(), telegram_user_id: "5".into(), telegram_chat_id: "5".into() }
    }

    #[test]
    fn a_code_is_good_until_it_expires_and_only_for_its_bot() {
        assert!(check_use(&pairing("pending"), &bringer("1"), 99).is_ok());
        assert_eq!(check_use(&pairing("pending"), &bringer("1"), 100).unwrap_err().code, "pairing_expired");
        assert_eq!(check_use(&pairing("pending"), &bringer("2"), 0).unwrap_err().code, "pairing_of_another_bot");
        assert_eq!(check_use(&pairing("used"), &bringer("1"), 0).unwrap_err().code, "pairing_used");
    }

    #[test]
    fn every_refusal_reads_the_same_to_the_caller() {
        let used = check_use(&pairing("used"), &bringer("1"), 0).unwrap_err();
        let expired = check_use(&pairing("expired"), &bringer("1"), 0).unwrap_err();
        assert_eq!(used.detail, expired.detail);
    }

    #[test]
    fn the_life_of_a_code_is_clamped_and_their_number_limited() {
        let made = |ttl, pending| create("u", "a", None, ttl, pending, "h".into(), 0);
        let Ok(PairingEvent::PairingCreated { expires_at, .. }) = made(Some(1), 0) else { panic!("refused") };
        assert_eq!(expires_at, TTL_LEAST_MS);
        assert_eq!(made(None, PENDING_MAX).unwrap_err().code, "too_many_pairings");
    }

    #[test]
    fn codes_are_unambiguous_capitals_and_digits() {
        let code = code([0, 31, 32, 255, 8, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(code.len(), 12);
        assert!(code.chars().all(|c| !"01IO".contains(c)));
    }
}
