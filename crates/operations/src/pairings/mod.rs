//! Pairing codes.

mod consume;
mod create;
mod expire;
mod guesses;
mod revoke;

use clawstead_domain::pairing::{self, Pairing};
use clawstead_ledger::{Engine, Row, Value, dedup_key};
use clawstead_vault::{KeyRing, sha256_hex};

use crate::{Cx, OperationError};

pub use consume::{Used, consume};
pub use create::{NewPairing, create};
pub use expire::expire_due;
pub use revoke::{count_without_bot, revoke, revoke_of_bot, revoke_pending};

/// The rule that keeps a code from ending otherwise once it has made its binding.
const MADE_ITS_BINDING: &str = "pairing_made_its_binding";

/// Separates codes from whatever else is derived from a master key.
const DERIVATION: &str = "pairing code";

const COLUMNS: &str = "pairing_id, consumer_user_id, agent_key, bot_id, state, created_at, expires_at, used_at, telegram_user_id, \
    telegram_chat_id, code_hash, stream_version";

/// One pairing, as it stands at this instant.
///
/// # Errors
/// When the database does not answer.
pub async fn get<E: Engine>(cx: &Cx<'_, E>, pairing_id: &str) -> Result<Option<Pairing>, OperationError> {
    let pairing = one(cx, "pairing_id = ?1", pairing_id.into()).await?;
    Ok(pairing.map(|pairing| at_this_instant(cx, pairing)))
}

/// The pairing of a code, as it stands at this instant.
///
/// # Errors
/// When the database does not answer.
pub async fn by_code<E: Engine>(cx: &Cx<'_, E>, code: &str) -> Result<Option<Pairing>, OperationError> {
    let pairing = one(cx, "code_hash = ?1", hash_of(code).into()).await?;
    Ok(pairing.map(|pairing| at_this_instant(cx, pairing)))
}

/// A user's pairings, from the newest; those older than `before`, if it is given.
///
/// # Errors
/// When the database does not answer.
pub async fn list<E: Engine>(
    cx: &Cx<'_, E>,
    consumer_user_id: &str,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<Pairing>, OperationError> {
    let mut params: Vec<Value> = vec![consumer_user_id.into(), limit.into()];
    let mut older = "";
    if let Some(before) = before {
        params.push(before.into());
        older = " AND pairing_id < ?3";
    }
    let sql = format!("SELECT {COLUMNS} FROM pairings WHERE consumer_user_id = ?1{older} ORDER BY pairing_id DESC LIMIT ?2");
    let rows = cx.sql(&sql, &params).await?;
    rows.iter().map(|row| pairing_of(&row).map(|pairing| at_this_instant(cx, pairing))).collect()
}

/// The newest code of a user and an agent that waits.
///
/// # Errors
/// When the database does not answer.
pub async fn newest_pending<E: Engine>(
    cx: &Cx<'_, E>,
    consumer_user_id: &str,
    agent_key: &str,
) -> Result<Option<Pairing>, OperationError> {
    let sql = format!("SELECT {COLUMNS} FROM pairings WHERE consumer_user_id = ?1 AND agent_key = ?2 AND pending_until > ?3");
    let rows = cx.sql(&sql, &[consumer_user_id.into(), agent_key.into(), cx.now.into()]).await?;
    let waiting: Vec<Pairing> = rows.iter().map(|row| pairing_of(&row)).collect::<Result<_, _>>()?;
    Ok(waiting.into_iter().max_by(|left, right| left.pairing_id.cmp(&right.pairing_id)))
}

/// The code of a pairing, for whoever made it. Only its hash is kept: it is derived from the pairing's id with a master key.
/// `None` when that key is on the ring no more.
pub fn code_of(keys: &KeyRing, pairing: &Pairing) -> Option<String> {
    let mut codes = keys.derivations(DERIVATION, pairing.pairing_id.as_bytes()).map(|bytes| code_from(&bytes));
    codes.find(|code| sha256_hex(code) == pairing.code_hash)
}

/// Opens Telegram with a code ready to be sent to a bot.
pub fn deep_link(bot_username: &str, code: &str) -> String {
    format!("https://t.me/{bot_username}?start={code}")
}

fn derived_code(keys: &KeyRing, pairing_id: &str) -> String {
    code_from(&keys.derive(DERIVATION, pairing_id.as_bytes()))
}

fn code_from(bytes: &[u8; 32]) -> String {
    let mut random = [0; 12];
    random.copy_from_slice(&bytes[..12]);
    pairing::code(random)
}

/// Codes are read however they are typed.
fn hash_of(code: &str) -> String {
    sha256_hex(code.trim().to_ascii_uppercase())
}

fn at_this_instant<E>(cx: &Cx<'_, E>, pairing: Pairing) -> Pairing {
    Pairing { state: pairing.state_at(cx.now).to_owned(), ..pairing }
}

async fn one<E: Engine>(cx: &Cx<'_, E>, which: &str, param: Value) -> Result<Option<Pairing>, OperationError> {
    let rows = cx.sql(&format!("SELECT {COLUMNS} FROM pairings WHERE {which}"), &[param]).await?;
    rows.first().map(|row| pairing_of(&row)).transpose()
}

fn pairing_of(row: &Row<'_>) -> Result<Pairing, OperationError> {
    let read = || {
        Some(Pairing {
            pairing_id: row.text("pairing_id")?,
            consumer_user_id: row.text("consumer_user_id")?,
            agent_key: row.text("agent_key")?,
            bot_id: row.text("bot_id"),
            state: row.text("state")?,
            created_at: row.integer("created_at")?,
            expires_at: row.integer("expires_at")?,
            used_at: row.integer("used_at"),
            telegram_user_id: row.text("telegram_user_id"),
            telegram_chat_id: row.text("telegram_chat_id"),
            code_hash: row.text("code_hash")?,
            stream_version: row.integer("stream_version")?,
        })
    };
    read().ok_or_else(|| OperationError::unexpected("a row of pairings"))
}

/// The key of the one binding that a pairing can make.
fn binding_key(pairing: &Pairing) -> String {
    dedup_key(&["pairing", &pairing.pairing_id])
}
