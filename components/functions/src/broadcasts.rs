//! Row 93: broadcasts, in the words of existing clients.

use clawstead_domain::push::BroadcastDraft;
use clawstead_operations::push;
use clawstead_service::spin::App;
use clawstead_service::{Call, Principal, Problem, json};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::consumer::cx_of;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SendArgs {
    company_id: String,
    title: String,
    text: String,
    requested_by: String,
}

/// The figures of what is done so far; the tick goes on with what one call does not do. Existing clients send no `Idempotency-Key`; with
/// one, a call is good for one broadcast, and the same call again tells how far that has gone.
pub(crate) async fn send(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let SendArgs { company_id, title, text, requested_by } = json::from_value(args)?;
    let key = call.message_key(principal)?;
    let draft = BroadcastDraft {
        company_id: Some(company_id),
        title,
        text,
        requested_by,
        reach: principal.limit().cloned().unwrap_or_default(),
        request_hash: key.as_ref().map(|_| call.request_hash()),
    };
    let broadcast = push::send_broadcast(&cx_of(app, call, principal), &draft, key).await?;
    call.enqueued.set(broadcast.enqueued > 0);
    Ok(json!({
        "broadcastId": broadcast.broadcast_id, "totalTargets": broadcast.total_targets, "enqueued": broadcast.enqueued,
        "failed": broadcast.failed,
    }))
}
