//! Waiting for a state.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State as Shares};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Shared;
use super::answer::{Answer, Refusal};
use super::machines::find;
use super::state::{Machine, State};

const WAIT_MAX: u64 = 60;
const STATES: [&str; 7] = ["created", "started", "stopped", "suspended", "destroyed", "failed", "settled"];

pub(crate) async fn wait(
    Shares(shared): Shares<Arc<Shared>>,
    Path((app, id)): Path<(String, String)>,
    Query(query): Query<Vec<(String, String)>>,
) -> Answer<Json<Value>> {
    let value = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    let mut states: Vec<&str> = query.iter().filter(|(key, _)| key == "state").flat_map(|(_, list)| list.split(',')).collect();
    if states.is_empty() {
        states.push("started");
    }
    if let Some(unknown) = states.iter().find(|state| !STATES.contains(*state)) {
        return Err(Refusal::invalid(format!("invalid_argument: unknown state '{unknown}'")));
    }
    let seconds = match value("timeout") {
        None => WAIT_MAX,
        Some(text) => {
            let seconds = text.trim_end_matches('s').parse().ok();
            seconds
                .filter(|seconds| *seconds <= WAIT_MAX)
                .ok_or_else(|| Refusal::invalid("invalid_argument: timeout is a number of seconds, at most 60"))?
        }
    };
    let version = value("version").or(value("instance_id"));
    shared.store.read(|state| find(state, &app, &id).map(|_| ()))?;
    let reached = |machine: &Machine| {
        version.is_none_or(|version| *version == machine.instance_id)
            && states.iter().any(|state| *state == machine.state.name() || (*state == "settled" && machine.state.is_settled()))
    };
    let look = |state: &State| {
        let machine = state.machines.get(&id).filter(|machine| reached(machine))?;
        Some(json!({
            "ok": true,
            "state": machine.state.name(),
            "version": machine.instance_id,
            "event_id": machine.events.last().map(|event| &event.id),
        }))
    };
    if let Some(answer) = shared.store.wait_for(Duration::from_secs(seconds), look).await {
        return Ok(Json(answer));
    }
    let current = shared.store.read(|state| find(state, &app, &id).map(|one| one.state.name()))?;
    let wanted = states.join(",");
    Err(Refusal::new(
        StatusCode::REQUEST_TIMEOUT,
        format!("deadline_exceeded: machine failed to reach desired state, {wanted}, currently {current}"),
    ))
}
