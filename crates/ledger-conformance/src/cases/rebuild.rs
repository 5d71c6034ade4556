//! Rebuilding the views.

use std::cell::Cell;
use std::rc::Rc;

use clawstead_ledger::{AppendError, Engine, EngineError, Expected, Ledger, RebuildError};
use futures::future::join;

use crate::Checked;
use crate::scene::{NOW, agent, binding, claimed, difference, fill, ledger, message, meta, number, views};
use crate::staged::Staged;

pub(super) async fn rebuilt_views_equal_live_ones<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    fill(&ledger).await?;
    for chunk in [1, 7, 1_000] {
        let live = views(engine).await?;
        let mut heard = Vec::new();
        let rebuilt = ledger.rebuild("test", NOW, chunk, |position| heard.push(position)).await?;
        equal!(rebuilt.events, ledger.head().await?);
        equal!(heard.last().copied(), Some(rebuilt.events));
        equal!(difference(&views(engine).await?, &live), None);
        ledger.append("conversation", &[message("c3", &format!("after {chunk}"), "hi")], &meta()).await?;
        holds!(views(engine).await? != live);
    }
    holds!(number(engine, "SELECT count(*) FROM due").await? > 0);
    equal!(number(engine, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'rebuild%'").await?, 0);
    Ok(())
}

pub(super) async fn rules_hold_after_a_rebuild<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    fill(&ledger).await?;
    let indexes = "SELECT count(*) FROM sqlite_schema WHERE type IN ('index', 'trigger', 'view', 'table')";
    let before = number(engine, indexes).await?;
    ledger.rebuild("test", NOW, 10, |_| {}).await?;
    equal!(number(engine, indexes).await?, before);
    let outcome = ledger.append("binding", &[binding("b2", "u2")], &meta()).await;
    fits!(outcome, Err(AppendError::Rule(rule)) if rule == "bindings.active_telegram_user_id,bot_id");
    let outcome = ledger.append("conversation", &[claimed("c3", "c3-1", "nobody")], &meta()).await;
    fits!(outcome, Err(AppendError::Rule(rule)) if rule == "worker_not_claimable");
    Ok(())
}

/// An append before every statement of the rebuild, until its last few run as one transaction.
pub(super) async fn appends_go_on_meanwhile<E: Engine + 'static>(engine: &E) -> Checked {
    let writer = Rc::new(ledger(engine).await?);
    fill(&writer).await?;
    let (open, count) = (Cell::new(true), Rc::new(Cell::new(0)));
    let counter = count.clone();
    let traffic = writer.clone();
    let hook = move |sql: &str| -> std::pin::Pin<Box<dyn Future<Output = Result<(), EngineError>>>> {
        if sql.starts_with("BEGIN") {
            open.set(false);
        }
        if !open.get() {
            return Box::pin(async { Ok(()) });
        }
        counter.set(counter.get() + 1);
        let (writer, name) = (traffic.clone(), format!("m{}", counter.get()));
        let append = async move { writer.append("conversation", &[message("busy", &name, "hi")], &meta()).await };
        Box::pin(async move { append.await.map_err(|error| EngineError(error.to_string())) })
    };
    let staged = Ledger::new(Staged::new(engine.reopen().await?, hook));
    let rebuilt = staged.rebuild("test", NOW, 25, |_| {}).await?;
    equal!(rebuilt.events, writer.head().await?);
    holds!(count.get() > 50);
    let swapped = views(engine).await?;
    equal!(number(engine, "SELECT count(*) FROM messages WHERE conversation_id = 'busy'").await?, count.get());
    writer.rebuild("again", NOW, 1_000, |_| {}).await?;
    equal!(difference(&views(engine).await?, &swapped), None);
    Ok(())
}

pub(super) async fn writers_and_a_rebuild_share_the_database<E: Engine>(engine: &E) -> Checked {
    let (rebuilder, writer) = (ledger(engine).await?, ledger(engine).await?);
    fill(&writer).await?;
    let traffic = async {
        for n in 0..200 {
            writer.append("conversation", &[message("busy", &format!("m{n}"), "hi")], &meta()).await?;
        }
        Ok::<_, AppendError>(())
    };
    let (rebuilt, written) = join(rebuilder.rebuild("test", NOW, 20, |_| {}), traffic).await;
    rebuilt?;
    written?;
    let live = views(engine).await?;
    rebuilder.rebuild("again", NOW, 1_000, |_| {}).await?;
    equal!(difference(&views(engine).await?, &live), None);
    equal!(number(engine, "SELECT count(*) FROM messages WHERE conversation_id = 'busy'").await?, 200);
    Ok(())
}

pub(super) async fn one_rebuild_at_a_time<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    fill(&ledger).await?;
    let running = ledger.try_lock("rebuild", "first", NOW, 1_000).await?.ok_or("no rebuild is running")?;
    fits!(ledger.rebuild("second", NOW, 10, |_| {}).await, Err(RebuildError::Running));
    ledger.unlock(&running).await?;
    ledger.rebuild("second", NOW, 10, |_| {}).await?;
    Ok(())
}

pub(super) async fn a_log_that_breaks_a_rule_leaves_the_live_views<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    fill(&ledger).await?;
    let head = ledger.head().await?;
    let broken = "INSERT INTO events SELECT max(position) + 1, 'binding-b2', 1, 'BindingMade', 1, 0, \
                  (SELECT data FROM events WHERE stream = 'binding-b1'), '{}', NULL FROM events";
    engine.execute(broken, &[]).await?;
    let live = views(engine).await?;
    for _ in 0..2 {
        fits!(ledger.rebuild("test", NOW, 5, |_| {}).await, Err(RebuildError::Engine { after, .. }) if (head - 5..=head).contains(after));
        equal!(difference(&views(engine).await?, &live), None);
    }
    ledger.append("agent", &[agent("a", Expected::Any)], &meta()).await?;
    Ok(())
}
