//! A tick out of turn, for a message that no worker could take: a machine should not have to wait for the timer.

use std::cell::Cell;
use std::rc::Rc;

use clawstead_ledger::engines::spin::SpinEngine;
use clawstead_operations::{Cx, workers};
use clawstead_transport::{SpinTransport, Transport};
use http::{Method, Request, header};
use serde_json::json;

use crate::Problem;
use crate::spin::{App, now};

/// Where a component finds the reconciler; its part of the manifest must allow it.
const TICK_URL: &str = "http://fly-reconciler.spin.internal/internal/tick";

/// One instance asks no oftener. What comes in between waits for the next timer at most.
const EVERY_MS: i64 = 1_000;

thread_local! {
    static UNDER_WAY: Cell<bool> = const { Cell::new(false) };
    static LAST_AT: Cell<i64> = const { Cell::new(i64::MIN) };
}

/// Goes on after the response: has a tick done if no worker could take what was enqueued. Without a tick key in the component's
/// part of the manifest, it is left to the timer. What goes wrong is a line in the log: the message is safe, and the timer comes.
pub(crate) fn after_enqueue(app: Rc<App>, cx: &Cx<'_, SpinEngine>) {
    let too_soon = cx.now.saturating_sub(LAST_AT.get()) < EVERY_MS;
    if app.settings.tick_key.is_none() || too_soon || UNDER_WAY.replace(true) {
        return;
    }
    LAST_AT.set(cx.now);
    let (actor, correlation) = (cx.actor.clone(), cx.correlation.clone());
    spin_sdk::wit_bindgen::spawn(async move {
        let cx = Cx { ledger: &app.ledger, now: now(), entropy: &crate::spin::entropy, actor, correlation };
        if let Err(problem) = poke(&app, &cx).await {
            let line = json!({ "at": cx.now, "level": "warn", "message": "no tick out of turn", "correlation": cx.correlation,
                "code": problem.code, "cause": problem.cause });
            println!("{line}");
        }
        UNDER_WAY.set(false);
    });
}

async fn poke(app: &App, cx: &Cx<'_, SpinEngine>) -> Result<(), Problem> {
    let Some(key) = &app.settings.tick_key else { return Ok(()) };
    if workers::any_free(cx).await? {
        return Ok(());
    }
    let request = Request::builder().method(Method::POST).uri(TICK_URL).header(header::AUTHORIZATION, format!("Bearer {key}"));
    let request = request.body(Vec::new()).map_err(|error| Problem::internal(error.to_string()))?;
    let answer = SpinTransport::default().send(request).await.map_err(|error| Problem::internal(error.to_string()))?;
    if !answer.status().is_success() {
        return Err(Problem::internal(format!("the tick was answered {}", answer.status())));
    }
    Ok(())
}
