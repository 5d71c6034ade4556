//! Pairing codes that nobody brought back in time.

use clawstead_domain::pairing::PairingEvent;
use clawstead_ledger::{Engine, Expected};

use crate::{Cx, OperationError};

/// Expires codes whose time is up, at most `limit`. Gives how many.
pub(super) async fn expire<E: Engine>(cx: &Cx<'_, E>, limit: i64) -> Result<i64, OperationError> {
    let sql = "SELECT pairing_id, stream_version FROM pairings WHERE pending_until <= ?1 ORDER BY pending_until LIMIT ?2";
    let due = cx.sql(sql, &[cx.now.into(), limit.into()]).await?;
    let mut expired = 0;
    for row in due.iter() {
        let (Some(pairing_id), Some(version)) = (row.text("pairing_id"), row.integer("stream_version")) else {
            return Err(OperationError::unexpected("a row of pairings"));
        };
        match cx.append(&pairing_id, Expected::Version(version), &[PairingEvent::PairingExpired {}]).await {
            Ok(()) => expired += 1,
            // Used or refused this very moment; if it still waits, the next tick sees it.
            Err(OperationError::Raced) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(expired)
}
