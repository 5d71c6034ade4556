//! Bindings from before bots were told apart: paired through Telegram, and nobody knows with which bot
//! (identity-telegram.md section 3.6).

use std::collections::BTreeMap;

use clawstead_domain::binding::{Binding, BindingEvent, annotated};
use clawstead_ledger::{Engine, Expected};
use serde::Serialize;

use super::{COLUMNS, binding_of, revoke::end};
use crate::{Cx, OperationError, decide, pairings};

/// Bindings looked at by one statement.
const STEP: i64 = 100;
/// Steps of one call; another call goes on.
const STEPS_MAX: usize = 50;

const MARK: &str = "softResetReason";

/// What to do with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Legacy {
    /// Whether bindings that are still active end.
    pub revokes_active: bool,
    /// Whether codes that wait end.
    pub ends_pairings: bool,
}

/// What was found and done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Migrated {
    /// Bindings that ended.
    pub revoked_bindings: i64,
    /// Bindings that were marked and otherwise left as they are.
    pub annotated_bindings: i64,
    /// Codes that ended.
    pub expired_pairings: i64,
    /// Codes that waited, of a bot that nobody knows.
    pub pending_pairings: i64,
    /// Bindings of a bot that nobody knows.
    pub legacy_bindings: i64,
    /// Agents without a bot.
    pub agents_without_bot: i64,
}

/// Ends or marks the bindings of unknown bots, each once however often it is called, some thousands a call.
///
/// # Errors
/// When the database does not answer; what was done stays.
pub async fn migrate_legacy<E: Engine>(cx: &Cx<'_, E>, what: Legacy) -> Result<Migrated, OperationError> {
    let mut migrated = Migrated::default();
    let mut after = String::new();
    for _ in 0..STEPS_MAX {
        let (seen, last) = step(cx, what, &after, &mut migrated).await?;
        after = last;
        if seen < STEP {
            break;
        }
    }
    migrated.pending_pairings = pairings::count_without_bot(cx).await?;
    if what.ends_pairings {
        migrated.expired_pairings = pairings::revoke_of_bot(cx, None, "missing_bot_identity", STEP).await?;
    }
    let sql = "SELECT (SELECT count(*) FROM agents) - (SELECT count(*) FROM bots) AS n";
    migrated.agents_without_bot = cx.sql(sql, &[]).await?.first().and_then(|row| row.integer("n")).unwrap_or(0);
    Ok(migrated)
}

async fn step<E: Engine>(
    cx: &Cx<'_, E>,
    what: Legacy,
    after: &str,
    migrated: &mut Migrated,
) -> Result<(i64, String), OperationError> {
    let (page, revoked, marked) = decide(async || {
        let page = legacy_after(cx, after).await?;
        let (active, rest): (Vec<Binding>, Vec<Binding>) =
            page.iter().cloned().partition(|binding| what.revokes_active && binding.revoked_at.is_none());
        end(cx, &active, "missing_bot_identity").await?;
        let marked = mark(cx, &rest).await?;
        Ok((page, active.len() as i64, marked))
    })
    .await?;
    migrated.revoked_bindings += revoked;
    migrated.annotated_bindings += marked;
    migrated.legacy_bindings += page.len() as i64;
    let last = page.last().map(|binding| binding.binding_id.clone()).unwrap_or_default();
    Ok((page.len() as i64, last))
}

async fn legacy_after<E: Engine>(cx: &Cx<'_, E>, after: &str) -> Result<Vec<Binding>, OperationError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM bindings WHERE source = 'telegram_pairing' AND bot_id IS NULL AND binding_id > ?1 \
         ORDER BY binding_id LIMIT ?2"
    );
    cx.sql(&sql, &[after.into(), STEP.into()]).await?.iter().map(|row| binding_of(&row)).collect()
}

/// Those that ended here are not marked: their end says why.
async fn mark<E: Engine>(cx: &Cx<'_, E>, bindings: &[Binding]) -> Result<i64, OperationError> {
    let told = BTreeMap::from([
        (MARK.to_owned(), "missing_bot_identity".to_owned()),
        ("softResetAt".to_owned(), cx.now.to_string()),
        ("softResetMode".to_owned(), "telegram_bot_identity_v1".to_owned()),
    ]);
    let news = |binding: &Binding| annotated(binding, &told).filter(|_| !binding.metadata.contains_key(MARK));
    let unmarked: Vec<(&Binding, BindingEvent)> =
        bindings.iter().filter(|binding| binding.revoked_at.is_none()).filter_map(|one| Some((one, news(one)?))).collect();
    let line = |(binding, event): &(&Binding, BindingEvent)| {
        cx.lines(&binding.binding_id, Expected::Version(binding.stream_version), std::slice::from_ref(event))
    };
    cx.append_lines::<BindingEvent>(&unmarked.iter().flat_map(line).collect::<Vec<_>>()).await?;
    Ok(unmarked.len() as i64)
}
