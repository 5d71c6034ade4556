//! Noting that codes were not used in time.

use clawstead_domain::pairing::PairingEvent;
use clawstead_ledger::{Engine, Expected};

use super::{COLUMNS, MADE_ITS_BINDING, binding_key, consume::note_use, pairing_of};
use crate::{Cx, OperationError, bindings};

/// Notes the end of at most `limit` codes whose time is up; gives how many. A code that made a binding just before a crash is
/// noted as used instead.
///
/// # Errors
/// When the database does not answer; what was noted stays.
pub async fn expire_due<E: Engine>(cx: &Cx<'_, E>, limit: i64) -> Result<i64, OperationError> {
    let sql = format!("SELECT {COLUMNS} FROM pairings WHERE pending_until <= ?1 ORDER BY pending_until LIMIT ?2");
    let rows = cx.sql(&sql, &[cx.now.into(), limit.into()]).await?;
    let mut noted = 0;
    for row in rows.iter() {
        let pairing = pairing_of(&row)?;
        if let Some(binding) = bindings::made_by(cx, &binding_key(&pairing)).await? {
            note_use(cx, &pairing, &binding).await?;
            noted += 1;
            continue;
        }
        let expected = Expected::Version(pairing.stream_version);
        match cx.append(&pairing.pairing_id, expected, &[PairingEvent::PairingExpired {}]).await {
            Ok(()) => noted += 1,
            // Somebody brought it meanwhile; the next tick looks at it again.
            Err(OperationError::Raced) => {}
            Err(OperationError::Rule(rule)) if rule == MADE_ITS_BINDING => {}
            Err(error) => return Err(error),
        }
    }
    Ok(noted)
}
