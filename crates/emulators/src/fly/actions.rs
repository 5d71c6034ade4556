//! Start, stop, restart, cordon; and the events of a machine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State as Shares};
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::machines::{find, find_to_change};
use super::state::MachineState;
use super::{Shared, documents, lifecycle};

type MachinePath = Path<(String, String)>;

pub(crate) async fn start(
    Shares(shared): Shares<Arc<Shared>>,
    Path((app, id)): MachinePath,
    headers: HeaderMap,
) -> Answer<Json<Value>> {
    let previous = shared.store.change(|state| {
        let machine = find_to_change(state, &app, &id, &headers)?;
        match machine.state {
            MachineState::Stopping | MachineState::Destroying => {
                let name = machine.state.name();
                let why = format!("unable to start machine from current state: '{name}'");
                Err(Refusal::precondition(why))
            }
            state => Ok(state),
        }
    })?;
    let at_rest = matches!(previous, MachineState::Created | MachineState::Stopped | MachineState::Failed);
    if at_rest {
        lifecycle::launch(&shared, &id);
    }
    Ok(Json(json!({ "previous_state": previous.name(), "migrated": false, "new_host": "" })))
}

pub(crate) async fn stop(
    Shares(shared): Shares<Arc<Shared>>,
    Path((app, id)): MachinePath,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Json<Value>> {
    let request: Value = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&body).map_err(|_| Refusal::invalid("the body is not JSON"))?
    };
    let (stops, configured) = shared.store.change(|state| {
        let machine = find_to_change(state, &app, &id, &headers)?;
        let stops = matches!(machine.state, MachineState::Started | MachineState::Starting);
        Ok((stops, duration(&machine.config["stop_config"]["timeout"])))
    })?;
    if stops {
        let at_once = request["signal"] == "SIGKILL";
        let asked = duration(&request["timeout"]).or(configured);
        let timeout = if at_once { Duration::ZERO } else { asked.unwrap_or(lifecycle::KILL_TIMEOUT) };
        lifecycle::stop(&shared, &id, timeout);
    }
    Ok(Json(json!({ "ok": true })))
}

pub(crate) async fn restart(
    Shares(shared): Shares<Arc<Shared>>,
    Path((app, id)): MachinePath,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Answer<Json<Value>> {
    let state = shared.store.change(|state| find_to_change(state, &app, &id, &headers).map(|one| one.state))?;
    let asked = query.get("timeout").and_then(|text| duration(&json!(text)));
    match state {
        MachineState::Started | MachineState::Starting => {
            let timeout = asked.unwrap_or(lifecycle::KILL_TIMEOUT);
            lifecycle::relaunch(&shared, &id, MachineState::Restarting, timeout);
        }
        MachineState::Created | MachineState::Stopped | MachineState::Failed => {
            lifecycle::launch(&shared, &id);
        }
        other => {
            let name = other.name();
            return Err(Refusal::precondition(format!("unable to restart machine: it is {name}")));
        }
    }
    Ok(Json(json!({ "ok": true })))
}

pub(crate) async fn cordon(
    Shares(shared): Shares<Arc<Shared>>,
    Path((app, id)): MachinePath,
    headers: HeaderMap,
) -> Answer<Json<Value>> {
    set_cordoned(&shared, &app, &id, &headers, true)
}

pub(crate) async fn uncordon(
    Shares(shared): Shares<Arc<Shared>>,
    Path((app, id)): MachinePath,
    headers: HeaderMap,
) -> Answer<Json<Value>> {
    set_cordoned(&shared, &app, &id, &headers, false)
}

fn set_cordoned(shared: &Shared, app: &str, id: &str, headers: &HeaderMap, cordoned: bool) -> Answer<Json<Value>> {
    shared.store.change(|state| {
        find_to_change(state, app, id, headers)?.cordoned = cordoned;
        Ok(Json(json!({ "ok": true })))
    })
}

pub(crate) async fn events(
    Shares(shared): Shares<Arc<Shared>>,
    Path((app, id)): MachinePath,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer<Json<Value>> {
    let limit = query.get("limit").and_then(|text| text.parse().ok()).unwrap_or(20);
    shared.store.read(|state| {
        let machine = find(state, &app, &id)?;
        Ok(Json(machine.events.iter().rev().take(limit).map(documents::event).collect()))
    })
}

/// A duration as Fly writes it (`10s`, `1m30s`, `500ms`), or a number of seconds.
fn duration(value: &Value) -> Option<Duration> {
    if let Some(seconds) = value.as_u64() {
        return Some(Duration::from_secs(seconds));
    }
    let text = value.as_str()?;
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit())?;
        let amount: u32 = rest[..unit_at].parse().ok()?;
        let after = &rest[unit_at..];
        let unit_end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let unit = match &after[..unit_end] {
            "ms" => Duration::from_millis(1),
            "s" => Duration::from_secs(1),
            "m" => Duration::from_secs(60),
            "h" => Duration::from_secs(3_600),
            _ => return None,
        };
        total += unit * amount;
        rest = &after[unit_end..];
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::duration;

    #[test]
    fn durations_are_read_in_every_form() {
        assert_eq!(duration(&json!("10s")), Some(Duration::from_secs(10)));
        assert_eq!(duration(&json!("1m30s")), Some(Duration::from_secs(90)));
        assert_eq!(duration(&json!("500ms")), Some(Duration::from_millis(500)));
        assert_eq!(duration(&json!(7)), Some(Duration::from_secs(7)));
        assert_eq!(duration(&json!("soon")), None);
        assert_eq!(duration(&json!(null)), None);
    }
}
