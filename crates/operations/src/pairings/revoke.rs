//! Taking codes back.

use clawstead_domain::Refusal;
use clawstead_domain::pairing::{EXPIRED, Pairing, PairingEvent, REVOKED, USED};
use clawstead_ledger::{Engine, Expected, Rows};

use super::{COLUMNS, MADE_ITS_BINDING, binding_key, consume::note_use, one, pairing_of};
use crate::{Cx, OperationError, bindings, decide};

/// Takes a code back; once more changes nothing.
///
/// # Errors
/// When there is no such pairing, or the code was used or has expired.
pub async fn revoke<E: Engine>(cx: &Cx<'_, E>, pairing_id: &str) -> Result<(), OperationError> {
    decide(async || {
        let pairing = one(cx, "pairing_id = ?1", pairing_id.into()).await?;
        let pairing = pairing.ok_or_else(|| Refusal::not_found("pairing_not_found", "there is no such pairing"))?;
        match pairing.state_at(cx.now) {
            REVOKED => Ok(()),
            USED => Err(Refusal::conflict("pairing_used", "the code was used").into()),
            EXPIRED => Err(Refusal::conflict("pairing_expired", "the code has expired").into()),
            _ => {
                if end(cx, &pairing, "requested").await? {
                    return Ok(());
                }
                Err(Refusal::conflict("pairing_used", "the code was used").into())
            }
        }
    })
    .await
}

/// Takes back the codes of a user and an agent that have waited since `made_until` or longer; there are never more than a few.
///
/// # Errors
/// When the database does not answer.
pub async fn revoke_pending<E: Engine>(
    cx: &Cx<'_, E>,
    consumer_user_id: &str,
    agent_key: &str,
    made_until: i64,
    reason: &str,
) -> Result<(), OperationError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM pairings WHERE consumer_user_id = ?1 AND agent_key = ?2 AND pending_until > ?3 AND created_at <= ?4"
    );
    let rows = cx.sql(&sql, &[consumer_user_id.into(), agent_key.into(), cx.now.into(), made_until.into()]).await?;
    end_all(cx, &rows, reason).await.map(drop)
}

/// Takes back at most `limit` codes that wait for a bot, or for one that nobody knows; gives how many.
///
/// # Errors
/// When the database does not answer.
pub async fn revoke_of_bot<E: Engine>(
    cx: &Cx<'_, E>,
    bot_id: Option<&str>,
    reason: &str,
    limit: i64,
) -> Result<i64, OperationError> {
    let sql = format!("SELECT {COLUMNS} FROM pairings WHERE bot_id IS ?1 AND pending_until > 0 LIMIT ?2");
    let rows = cx.sql(&sql, &[bot_id.into(), limit.into()]).await?;
    end_all(cx, &rows, reason).await
}

/// How many codes wait for a bot that nobody knows.
///
/// # Errors
/// When the database does not answer.
pub async fn count_without_bot<E: Engine>(cx: &Cx<'_, E>) -> Result<i64, OperationError> {
    let sql = "SELECT count(*) AS n FROM pairings WHERE bot_id IS NULL AND pending_until > 0";
    Ok(cx.sql(sql, &[]).await?.first().and_then(|row| row.integer("n")).unwrap_or(0))
}

async fn end_all<E: Engine>(cx: &Cx<'_, E>, rows: &Rows, reason: &str) -> Result<i64, OperationError> {
    let mut ended = 0;
    for row in rows.iter() {
        match end(cx, &pairing_of(&row)?, reason).await {
            Ok(true) => ended += 1,
            // Used, or ended by somebody else, this very moment.
            Ok(false) | Err(OperationError::Raced) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(ended)
}

/// Ends a code that waits, unless it has made its binding; gives whether it did.
async fn end<E: Engine>(cx: &Cx<'_, E>, pairing: &Pairing, reason: &str) -> Result<bool, OperationError> {
    if let Some(binding) = bindings::made_by(cx, &binding_key(pairing)).await? {
        note_use(cx, pairing, &binding).await?;
        return Ok(false);
    }
    let revoked = PairingEvent::PairingRevoked { reason: reason.to_owned() };
    match cx.append(&pairing.pairing_id, Expected::Version(pairing.stream_version), &[revoked]).await {
        Ok(()) => Ok(true),
        Err(OperationError::Rule(rule)) if rule == MADE_ITS_BINDING => Err(OperationError::Raced),
        Err(error) => Err(error),
    }
}
