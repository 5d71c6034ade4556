//! The views are what the log says: made anew from it they are the same, and they agree with what the checker made of it.

use std::path::Path;

use anyhow::{Context as _, Result};
use clawstead_ledger::engines::native::NativeEngine;
use clawstead_ledger::{Durability, Engine, Ledger, VIEW_TABLES};
use tokio::runtime::Builder;

use super::Findings;
use super::log::open;
use super::queue::Messages;
use crate::world::Remains;

/// How many events a statement replays.
const CHUNK: i64 = 500;

/// The lock of a rebuild that was killed has ended by then.
const LATER_MS: i64 = 86_400_000;

pub(super) fn check(messages: &Messages, remains: &Remains, findings: &mut Findings) -> Result<()> {
    agree(messages, remains, findings)?;
    let runtime = Builder::new_current_thread().build()?;
    let live = runtime.block_on(rows(&remains.database))?;
    runtime.block_on(rebuild(&remains.database, remains.end_ms + LATER_MS))?;
    let anew = runtime.block_on(rows(&remains.database))?;
    let differs = live.iter().zip(&anew).find(|(live, anew)| live != anew);
    if let Some((live, anew)) = differs {
        findings.add("replay-equals-views", format!("a view has {live} where replay gives {anew}"));
    } else if live.len() != anew.len() {
        findings.add("replay-equals-views", format!("views have {} rows, replay gives {}", live.len(), anew.len()));
    }
    Ok(())
}

fn agree(messages: &Messages, remains: &Remains, findings: &mut Findings) -> Result<()> {
    let connection = open(&remains.database)?;
    let mut statement = connection.prepare("SELECT message_id, status FROM messages")?;
    let found = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let mut count = 0;
    for row in found {
        let (id, status) = row?;
        count += 1;
        let expected = messages.get(&id).map(|message| message.state.word());
        if expected != Some(status.as_str()) {
            findings.add("views-follow-the-log", format!("{id} is {status} in the view and {expected:?} by the log"));
        }
    }
    if count != messages.len() {
        findings.add("views-follow-the-log", format!("{count} messages in the view, {} in the log", messages.len()));
    }
    Ok(())
}

async fn rebuild(database: &Path, now: i64) -> Result<()> {
    let ledger = Ledger::new(NativeEngine::open(database, Durability::Normal).await?);
    ledger.rebuild("the checker", now, CHUNK, |_| {}).await.context("the views cannot be made anew")?;
    Ok(())
}

/// The columns and every row of every view, in an order that does not depend on how it was made.
async fn rows(database: &Path) -> Result<Vec<String>> {
    let engine = NativeEngine::open(database, Durability::Normal).await?;
    let mut lines = Vec::new();
    for table in VIEW_TABLES {
        let rows = engine.execute(&format!("SELECT * FROM {table}"), &[]).await?;
        let mut of_table: Vec<String> = rows.rows.iter().map(|row| format!("{table}: {row:?}")).collect();
        of_table.sort_unstable();
        lines.push(format!("{table} has {:?}", rows.columns));
        lines.extend(of_table);
    }
    Ok(lines)
}
