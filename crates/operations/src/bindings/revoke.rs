//! Ending bindings. What waits in their name ends with them: see [`settle`].

use clawstead_domain::Refusal;
use clawstead_domain::binding::{Binding, BindingEvent};
use clawstead_ledger::{Engine, Expected};

use super::settle::settle;
use super::{COLUMNS, active_of_user, binding_of, find};
use crate::{Cx, OperationError, decide};

/// Ends a binding; once more changes nothing. Gives whether it was active.
///
/// # Errors
/// When there is no such binding.
pub async fn revoke<E: Engine>(cx: &Cx<'_, E>, binding_id: &str, reason: &str) -> Result<bool, OperationError> {
    let ended = decide(async || {
        let binding = find(cx, binding_id).await?;
        let binding = binding.ok_or_else(|| Refusal::not_found("binding_not_found", "there is no such binding"))?;
        if binding.revoked_at.is_some() {
            return Ok(false);
        }
        end(cx, std::slice::from_ref(&binding), reason).await?;
        Ok(true)
    })
    .await?;
    settle(cx, binding_id).await?;
    Ok(ended)
}

/// Ends all bindings of a user; gives how many there were.
///
/// # Errors
/// When the database does not answer.
pub async fn revoke_of_user<E: Engine>(cx: &Cx<'_, E>, consumer_user_id: &str, reason: &str) -> Result<usize, OperationError> {
    let mut revoked = 0;
    loop {
        let ended = decide(async || {
            let active = active_of_user(cx, consumer_user_id).await?;
            end(cx, &active, reason).await?;
            Ok(active)
        })
        .await?;
        for binding in &ended {
            settle(cx, &binding.binding_id).await?;
        }
        if ended.is_empty() {
            return Ok(revoked);
        }
        revoked += ended.len();
    }
}

/// Ends at most `limit` bindings of accounts to a bot; gives how many.
///
/// # Errors
/// When the database does not answer.
pub async fn revoke_of_bot<E: Engine>(cx: &Cx<'_, E>, bot_id: &str, reason: &str, limit: i64) -> Result<usize, OperationError> {
    decide(async || {
        let sql = format!("SELECT {COLUMNS} FROM bindings WHERE bot_id = ?1 AND active_telegram_user_id > '' LIMIT ?2");
        let rows = cx.sql(&sql, &[bot_id.into(), limit.into()]).await?;
        let active: Vec<Binding> = rows.iter().map(|row| binding_of(&row)).collect::<Result<_, _>>()?;
        end(cx, &active, reason).await?;
        Ok(active.len())
    })
    .await
}

pub(super) async fn end<E: Engine>(cx: &Cx<'_, E>, bindings: &[Binding], reason: &str) -> Result<(), OperationError> {
    let revoked = [BindingEvent::BindingRevoked { reason: reason.to_owned() }];
    let line = |binding: &Binding| cx.lines(&binding.binding_id, Expected::Version(binding.stream_version), &revoked);
    let lines: Vec<_> = bindings.iter().flat_map(line).collect();
    cx.append_lines::<BindingEvent>(&lines).await
}
