//! Leases: who may change a machine.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Shares};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::Shared;
use super::answer::{Answer, Refusal};
use super::machines::{find, find_to_change};
use super::state::{Lease, Machine};
use crate::clock::now_ms;
use crate::ids;

const NONCE: &str = "fly-machine-lease-nonce";
const OWNER: &str = "sandbox@example.com";

fn live(machine: &Machine) -> Option<&Lease> {
    machine.lease.as_ref().filter(|lease| lease.expires_at_ms > now_ms())
}

/// Refuses a change by somebody who does not hold the machine's live lease.
pub(crate) fn check(machine: &Machine, headers: &HeaderMap) -> Answer<()> {
    let Some(lease) = live(machine) else { return Ok(()) };
    let given = headers.get(NONCE).and_then(|value| value.to_str().ok());
    if given == Some(lease.nonce.as_str()) {
        return Ok(());
    }
    let id = &machine.id;
    Err(Refusal::new(StatusCode::CONFLICT, format!("machine ID {id} lease currently held by {OWNER}")))
}

pub(crate) async fn show(Shares(shared): Shares<Arc<Shared>>, Path((app, id)): Path<(String, String)>) -> Answer<Json<Value>> {
    shared.store.read(|state| {
        let machine = find(state, &app, &id)?;
        let lease = live(machine).ok_or_else(|| Refusal::not_found("lease"))?;
        Ok(Json(document(machine, lease)))
    })
}

/// Takes a lease, or prolongs the one whose nonce is given.
pub(crate) async fn take(
    Shares(shared): Shares<Arc<Shared>>,
    Path((app, id)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer<(StatusCode, Json<Value>)> {
    let Some(ttl) = body["ttl"].as_i64().filter(|ttl| *ttl > 0) else {
        return Err(Refusal::invalid("ttl is a number of seconds"));
    };
    shared.store.change(|state| {
        let machine = find_to_change(state, &app, &id, &headers)?;
        let nonce = live(machine).map_or_else(|| ids::hex(16), |lease| lease.nonce.clone());
        let lease = Lease {
            nonce,
            expires_at_ms: now_ms() + ttl * 1_000,
            description: body["description"].as_str().unwrap_or_default().to_owned(),
        };
        let answer = document(machine, &lease);
        machine.lease = Some(lease);
        Ok((StatusCode::CREATED, Json(answer)))
    })
}

pub(crate) async fn release(
    Shares(shared): Shares<Arc<Shared>>,
    Path((app, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer<Json<Value>> {
    if !headers.contains_key(NONCE) {
        return Err(Refusal::invalid(format!("the header {NONCE} is required")));
    }
    shared.store.change(|state| {
        let machine = find_to_change(state, &app, &id, &headers)?;
        if live(machine).is_none() {
            return Err(Refusal::not_found("lease"));
        }
        machine.lease = None;
        Ok(Json(json!({ "ok": true })))
    })
}

/// The published schema has the lease at the top; the real service wraps it in `data`. Both are here,
/// so that a client of either form is served.
fn document(machine: &Machine, lease: &Lease) -> Value {
    let lease = json!({
        "nonce": lease.nonce,
        "expires_at": lease.expires_at_ms / 1_000,
        "owner": OWNER,
        "description": lease.description,
        "version": machine.instance_id,
    });
    let mut answer = lease.clone();
    answer["status"] = json!("success");
    answer["data"] = lease;
    answer
}
