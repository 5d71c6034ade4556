//! What updates came to, counted in the instance and written after the answers, many in one statement.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use clawstead_operations::Cx;
use clawstead_operations::ingress::{self, UpdateCount};
use serde_json::json;

use crate::spin::{App, entropy, now, pause};

/// Counts are written so long after the first of them.
const AFTER: Duration = Duration::from_millis(200);

thread_local! {
    static COUNTS: RefCell<BTreeMap<(String, String, String), UpdateCount>> = const { RefCell::new(BTreeMap::new()) };
}

/// Counts an update. Goes on after the response.
pub(crate) fn note(app: Rc<App>, count: &UpdateCount) {
    let is_first = COUNTS.with_borrow_mut(|counts| {
        let is_first = counts.is_empty();
        let key = (count.bot_id.clone(), count.kind.clone(), count.outcome.clone());
        let known = counts.entry(key).or_insert_with(|| UpdateCount { count: 0, ..count.clone() });
        known.count += count.count;
        known.last_at = known.last_at.max(count.last_at);
        is_first
    });
    if is_first {
        spin_sdk::wit_bindgen::spawn(async move {
            pause(AFTER).await;
            write(&app).await;
        });
    }
}

async fn write(app: &App) {
    let counts: Vec<UpdateCount> = COUNTS.take().into_values().collect();
    let cx = Cx { ledger: &app.ledger, now: now(), entropy: &entropy, actor: "counters".to_owned(), correlation: String::new() };
    if let Err(error) = ingress::count(&cx, &counts).await {
        println!("{}", json!({ "at": cx.now, "level": "warn", "message": "updates not counted", "cause": error.to_string() }));
    }
}
