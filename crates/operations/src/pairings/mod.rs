//! Pairing codes.

mod consume;
mod create;
mod expire;

use clawstead_domain::pairing::Pairing;
use clawstead_ledger::{Engine, Row, Value, dedup_key};

use crate::{Cx, OperationError};

pub use consume::{Used, consume};
pub use create::{NewPairing, create};
pub use expire::expire_due;

const COLUMNS: &str = "pairing_id, consumer_user_id, agent_key, bot_id, state, created_at, expires_at, used_at, telegram_user_id, \
    stream_version";

/// One pairing, as it stands at this instant.
///
/// # Errors
/// When the database does not answer.
pub async fn get<E: Engine>(cx: &Cx<'_, E>, pairing_id: &str) -> Result<Option<Pairing>, OperationError> {
    let pairing = one(cx, "pairing_id = ?1", pairing_id.into()).await?;
    Ok(pairing.map(|pairing| Pairing { state: pairing.state_at(cx.now).to_owned(), ..pairing }))
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
            stream_version: row.integer("stream_version")?,
        })
    };
    read().ok_or_else(|| OperationError::unexpected("a row of pairings"))
}

/// The key of the one binding that a pairing can make.
fn binding_key(pairing: &Pairing) -> String {
    dedup_key(&["pairing", &pairing.pairing_id])
}
