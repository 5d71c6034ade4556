//! Telegram, after the answer: what an operation left to be sent or fetched is begun at once, and does not wait for the timer.

use std::cell::Cell;
use std::rc::Rc;

use clawstead_ledger::engines::spin::SpinEngine;
use clawstead_operations::outbox::{self, TelegramApi};
use clawstead_operations::{Cx, OperationError, ingress};
use clawstead_transport::SpinTransport;
use serde_json::json;

use crate::spin::{App, entropy, now};

/// Nothing new is begun after so long; the tick goes on.
const TIME_MS: i64 = 20_000;

thread_local! {
    static UNDER_WAY: Cell<bool> = const { Cell::new(false) };
    /// Something came while it was under way, perhaps after it had looked.
    static AGAIN: Cell<bool> = const { Cell::new(false) };
}

/// Goes on after the response, one at a time in an instance. What goes wrong is a line in the log: everything is in the outbox, and
/// the tick comes. A component without the vault's keys in its part of the manifest leaves it to the tick.
pub(crate) fn after_answer(app: Rc<App>, cx: &Cx<'_, SpinEngine>) {
    if app.settings.vault_keys.is_none() {
        return;
    }
    AGAIN.set(true);
    if UNDER_WAY.replace(true) {
        return;
    }
    let (actor, correlation) = (cx.actor.clone(), cx.correlation.clone());
    spin_sdk::wit_bindgen::spawn(async move {
        while AGAIN.replace(false) {
            let cx =
                Cx { ledger: &app.ledger, now: now(), entropy: &entropy, actor: actor.clone(), correlation: correlation.clone() };
            if let Err(error) = run(&app, &cx).await {
                let line = json!({ "at": cx.now, "level": "warn", "message": "Telegram is left to the tick", "correlation": correlation,
                    "cause": error.to_string() });
                println!("{line}");
            }
        }
        UNDER_WAY.set(false);
    });
}

async fn run(app: &App, cx: &Cx<'_, SpinEngine>) -> Result<(), OperationError> {
    let Some(keys) = &app.settings.vault_keys else { return Ok(()) };
    let transport = SpinTransport::default();
    let api = TelegramApi { transport: &transport, api_url: &app.settings.telegram_api_url, keys, clock: &now };
    let until = cx.now + TIME_MS;
    let stores = app.stores();
    let (sent, fetched) = futures::join!(outbox::send_due(cx, &api, until), ingress::fetch_due(cx, &api, &stores, until));
    sent.and(fetched).map(drop)
}
