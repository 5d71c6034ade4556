//! Pairing codes: how a Telegram account proves that it belongs to a user of a consumer app.

use serde::{Deserialize, Serialize};

use crate::binding::{Account, Bind, Binding, Source};
use crate::{DomainEvent, Refusal, text};

/// How long a code is good when nobody says, ms.
pub const TTL_DEFAULT_MS: i64 = 15 * 60_000;
/// Shortest life of a code, ms.
pub const TTL_LEAST_MS: i64 = 60_000;
/// Longest life of a code, ms.
pub const TTL_MOST_MS: i64 = 86_400_000;
/// So many codes of one user and agent may wait at once.
pub const PENDING_MAX: i64 = 3;

/// State of a code that waits.
pub const PENDING: &str = "pending";
/// State of a code that made a binding.
pub const USED: &str = "used";
/// State of a code that nobody used in time.
pub const EXPIRED: &str = "expired";
/// State of a code that was taken back.
pub const REVOKED: &str = "revoked";

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
        /// So many codes of the user and agent could wait when it was made.
        #[serde(default)]
        pending_max: Option<i64>,
    },
    /// An account brought it back in time.
    PairingUsed {
        /// The account.
        telegram_user_id: String,
        /// Its private chat.
        #[serde(default)]
        telegram_chat_id: Option<String>,
        /// The binding that was made.
        binding_id: String,
    },
    /// Nobody did.
    PairingExpired {},
    /// It was taken back.
    PairingRevoked {
        /// Why: `requested`, `bot_retired`, `binding_revoked`, …
        reason: String,
    },
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
    /// `pending`, `used`, `expired` or `revoked`.
    pub state: String,
    /// When it was made.
    pub created_at: i64,
    /// Good until.
    pub expires_at: i64,
    /// When it was used.
    pub used_at: Option<i64>,
    /// The account that used it.
    pub telegram_user_id: Option<String>,
    /// Its private chat.
    pub telegram_chat_id: Option<String>,
    /// SHA-256 of the code, hex.
    #[serde(skip)]
    pub code_hash: String,
    /// Version of its stream.
    #[serde(skip)]
    pub stream_version: i64,
}

/// A code of 60 random bits, in capitals and digits that cannot be taken for one another.
pub fn code(random: [u8; 12]) -> String {
    random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

/// A pairing to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// What happens.
    pub event: PairingEvent,
    /// Good until.
    pub expires_at: i64,
}

/// Makes a code for a user and an agent.
///
/// # Errors
/// When an argument cannot be, or too many codes wait already.
pub fn create(
    consumer_user_id: &str,
    agent_key: &str,
    bot_id: String,
    ttl_ms: Option<i64>,
    pending: i64,
    code_hash: String,
    now: i64,
) -> Result<Created, Refusal> {
    text::check_id("consumer_user_id", consumer_user_id)?;
    if pending >= PENDING_MAX {
        return Err(too_many());
    }
    let ttl_ms = ttl_ms.unwrap_or(TTL_DEFAULT_MS).clamp(TTL_LEAST_MS, TTL_MOST_MS);
    let expires_at = now + ttl_ms;
    let event = PairingEvent::PairingCreated {
        code_hash,
        consumer_user_id: consumer_user_id.to_owned(),
        agent_key: agent_key.to_owned(),
        bot_id: Some(bot_id),
        expires_at,
        pending_max: Some(PENDING_MAX),
    };
    Ok(Created { event, expires_at })
}

/// The refusal of one code more.
pub fn too_many() -> Refusal {
    Refusal::limit("too_many_pairings", format!("{PENDING_MAX} codes of this user and agent are waiting already"))
}

/// Whether a code may be used now by this account, whose bot speaks for `bot_agent_key` today. One text for every reason: the
/// caller must not learn which codes exist.
///
/// # Errors
/// A refusal whose code tells the operator why.
pub fn check_use(pairing: &Pairing, account: &Account, bot_agent_key: Option<&str>, now: i64) -> Result<(), Refusal> {
    let for_another_bot = pairing.bot_id.as_ref().is_some_and(|bot_id| *bot_id != account.bot_id);
    if for_another_bot || bot_agent_key != Some(pairing.agent_key.as_str()) {
        return Err(cannot_be_used("pairing_of_another_bot"));
    }
    match pairing.state_at(now) {
        PENDING => Ok(()),
        USED => Err(cannot_be_used("pairing_used")),
        REVOKED => Err(cannot_be_used("pairing_revoked")),
        _ => Err(cannot_be_used("pairing_expired")),
    }
}

/// Whether the account that brings a used code is the one that used it: then it is answered as the first time.
///
/// # Errors
/// When it is another one.
pub fn check_repeat(made: &Binding, account: &Account) -> Result<(), Refusal> {
    if made.is_of(Some(account)) {
        return Ok(());
    }
    Err(cannot_be_used("pairing_used"))
}

/// The refusal of a code, the same to the caller whatever the reason.
pub fn cannot_be_used(code: &'static str) -> Refusal {
    Refusal::conflict(code, "this code cannot be used")
}

/// The binding that a code is for.
pub fn wanted(pairing: &Pairing, account: &Account) -> Bind {
    Bind {
        consumer_user_id: pairing.consumer_user_id.clone(),
        agent_key: pairing.agent_key.clone(),
        account: Some(account.clone()),
        pairing_id: Some(pairing.pairing_id.clone()),
        source: Source::TelegramPairing,
        ..Bind::default()
    }
}

impl Pairing {
    /// Its state at an instant: a code that nobody used is expired from its last instant on, whether or not anybody has
    /// noted it yet.
    pub fn state_at(&self, now: i64) -> &str {
        if self.state == PENDING && self.expires_at <= now {
            return EXPIRED;
        }
        &self.state
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
            telegram_chat_id: None,
            code_hash: "h".into(),
            stream_version: 1,
        }
    }

    fn account(bot_id: &str) -> Account {
        Account { bot_id: bot_id.into(), telegram_user_id: "5".into(), telegram_chat_id: "5".into() }
    }

    fn refusal(pairing: &Pairing, bot_id: &str, bot_agent_key: &str, now: i64) -> Refusal {
        check_use(pairing, &account(bot_id), Some(bot_agent_key), now).unwrap_err()
    }

    #[test]
    fn a_code_is_good_until_it_expires_and_only_for_its_bot_and_agent() {
        assert!(check_use(&pairing("pending"), &account("1"), Some("a"), 99).is_ok());
        assert_eq!(refusal(&pairing("pending"), "1", "a", 100).code, "pairing_expired");
        assert_eq!(refusal(&pairing("pending"), "2", "a", 0).code, "pairing_of_another_bot");
        assert_eq!(refusal(&pairing("pending"), "1", "b", 0).code, "pairing_of_another_bot");
        assert_eq!(refusal(&pairing("used"), "1", "a", 0).code, "pairing_used");
        assert_eq!(refusal(&pairing("revoked"), "1", "a", 0).code, "pairing_revoked");
    }

    #[test]
    fn every_refusal_reads_the_same_to_the_caller() {
        let used = refusal(&pairing("used"), "1", "a", 0);
        let expired = refusal(&pairing("expired"), "1", "a", 0);
        assert_eq!(used.detail, expired.detail);
    }

    #[test]
    fn a_code_is_seen_as_expired_before_anybody_noted_it() {
        assert_eq!((pairing("pending").state_at(99), pairing("pending").state_at(100)), (PENDING, EXPIRED));
        assert_eq!(pairing("used").state_at(100), USED);
    }

    #[test]
    fn the_life_of_a_code_is_clamped_and_their_number_limited() {
        let made = |ttl, pending| create("u", "a", "7".into(), ttl, pending, "h".into(), 0);
        assert_eq!(made(Some(1), 0).unwrap().expires_at, TTL_LEAST_MS);
        assert_eq!(made(Some(i64::MAX), 0).unwrap().expires_at, TTL_MOST_MS);
        assert_eq!(made(None, 0).unwrap().expires_at, TTL_DEFAULT_MS);
        assert_eq!(made(None, PENDING_MAX).unwrap_err().code, "too_many_pairings");
    }

    #[test]
    fn codes_are_unambiguous_capitals_and_digits() {
        let code = code([0, 31, 32, 255, 8, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(code.len(), 12);
        assert!(code.chars().all(|c| !"01IO".contains(c)));
    }
}
