//! Rebuilds that do not come to their end.

use std::cell::Cell;
use std::rc::Rc;

use clawstead_ledger::{Engine, EngineError, Ledger, RebuildError};

use crate::Checked;
use crate::scene::{NOW, binding, difference, fill, ledger, message, meta, views};
use crate::staged::Staged;

/// Longer than a rebuild keeps its lock.
const LATER: i64 = NOW + 100 * 3_600_000;

/// How many statements a rebuild takes, and how many of them come before its transaction.
async fn statements<E: Engine + 'static>(engine: &E) -> Result<(usize, usize), Box<dyn std::error::Error>> {
    let (all, before) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let (all_seen, before_seen) = (all.clone(), before.clone());
    let staged = Staged::new(engine.reopen().await?, move |sql| {
        if sql.starts_with("BEGIN") {
            before_seen.set(all_seen.get());
        }
        all_seen.set(all_seen.get() + 1);
        Box::pin(async { Ok(()) })
    });
    Ledger::new(staged).rebuild("count", NOW, 10, |_| {}).await?;
    Ok((all.get(), before.get()))
}

/// The process dies before its n-th statement, for n all over the rebuild; what it leaves is in nobody's way.
pub(super) async fn a_rebuild_that_dies_leaves_the_live_views<E: Engine + 'static>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    fill(&ledger).await?;
    let (all, _) = statements(engine).await?;
    let mut now = NOW;
    // The last two are the commit, after which there is nothing to lose, and giving the lock back.
    for dies_at in (1..all - 1).step_by(9).chain([all - 2]) {
        let live = views(engine).await?;
        let seen = Cell::new(0);
        let staged = Staged::new(engine.reopen().await?, move |_| {
            seen.set(seen.get() + 1);
            let dead = seen.get() > dies_at;
            Box::pin(async move { if dead { Err(EngineError("the process is dead".into())) } else { Ok(()) } })
        });
        let outcome = Ledger::new(staged).rebuild("dies", now, 10, |_| {}).await;
        fits!(outcome, Err(RebuildError::Engine { .. }));
        equal!(difference(&views(engine).await?, &live), None);
        fits!(ledger.rebuild("too early", now, 10, |_| {}).await, Err(RebuildError::Running));
        ledger.append("conversation", &[message("c3", &format!("m{dies_at}"), "hi")], &meta()).await?;
        holds!(ledger.append("binding", &[binding("b2", "u2")], &meta()).await.is_err());
        now += LATER - NOW;
    }
    let live = views(engine).await?;
    ledger.rebuild("last", now, 10, |_| {}).await?;
    equal!(difference(&views(engine).await?, &live), None);
    Ok(())
}

/// A rebuild that is asleep for longer than its lock lasts finds that another has come and gone.
pub(super) async fn a_rebuild_that_is_overtaken_gives_up<E: Engine + 'static>(engine: &E) -> Checked {
    let other = Rc::new(ledger(engine).await?);
    fill(&other).await?;
    let (_, before) = statements(engine).await?;
    let live = views(engine).await?;
    let mut now = NOW;
    for sleeps_at in (2..=before).step_by(9).chain([before - 1, before]) {
        now += LATER - NOW;
        let (seen, overtakes) = (Cell::new(0), other.clone());
        let staged = Staged::new(engine.reopen().await?, move |_| {
            seen.set(seen.get() + 1);
            let (sleeps, other) = (seen.get() == sleeps_at + 1, overtakes.clone());
            Box::pin(async move {
                if sleeps {
                    other
                        .rebuild("overtakes", now + 3_600_000, 10, |_| {})
                        .await
                        .map_err(|error| EngineError(error.to_string()))?;
                }
                Ok(())
            })
        });
        let outcome = Ledger::new(staged).rebuild("sleeps", now, 10, |_| {}).await;
        holds!(outcome.is_err());
        equal!(difference(&views(engine).await?, &live), None);
    }
    Ok(())
}
