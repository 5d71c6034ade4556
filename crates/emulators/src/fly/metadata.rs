//! A machine's metadata.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Shares};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::Shared;
use super::answer::{Answer, Refusal};
use super::machines::{find, find_to_change};
use super::state::Machine;

pub(crate) async fn list(Shares(shared): Shares<Arc<Shared>>, Path((app, id)): Path<(String, String)>) -> Answer<Json<Value>> {
    shared.store.read(|state| Ok(Json(json!(find(state, &app, &id)?.metadata()))))
}

/// Sets several keys; null and the empty string remove one.
pub(crate) async fn merge(
    Shares(shared): Shares<Arc<Shared>>,
    Path((app, id)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer<StatusCode> {
    let Some(changes) = body["metadata"].as_object() else {
        return Err(Refusal::invalid("metadata is required"));
    };
    if changes.values().any(|value| !value.is_string() && !value.is_null()) {
        return Err(Refusal::invalid("metadata is a map of strings"));
    }
    shared.store.change(|state| {
        let machine = find_to_change(state, &app, &id, &headers)?;
        if let Some(version) = body["machine_version"].as_str()
            && version != machine.instance_id
        {
            let actual = &machine.instance_id;
            return Err(Refusal::precondition(format!("machine_version is {actual}")));
        }
        for (key, value) in changes {
            put(machine, key, value.as_str().filter(|text| !text.is_empty()));
        }
        Ok(StatusCode::NO_CONTENT)
    })
}

pub(crate) async fn show(
    Shares(shared): Shares<Arc<Shared>>,
    Path((app, id, key)): Path<(String, String, String)>,
) -> Answer<Json<Value>> {
    shared.store.read(|state| {
        let value = find(state, &app, &id)?.metadata().remove(&key);
        let value = value.ok_or_else(|| Refusal::not_found("metadata key"))?;
        Ok(Json(json!({ "value": value })))
    })
}

pub(crate) async fn set(
    Shares(shared): Shares<Arc<Shared>>,
    Path((app, id, key)): Path<(String, String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer<StatusCode> {
    let Some(value) = body["value"].as_str() else {
        return Err(Refusal::invalid("value is required"));
    };
    shared.store.change(|state| {
        put(find_to_change(state, &app, &id, &headers)?, &key, Some(value));
        Ok(StatusCode::NO_CONTENT)
    })
}

pub(crate) async fn remove(
    Shares(shared): Shares<Arc<Shared>>,
    Path((app, id, key)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    shared.store.change(|state| {
        put(find_to_change(state, &app, &id, &headers)?, &key, None);
        Ok(StatusCode::NO_CONTENT)
    })
}

fn put(machine: &mut Machine, key: &str, value: Option<&str>) {
    let metadata = &mut machine.config["metadata"];
    if !metadata.is_object() {
        *metadata = Value::Object(Map::new());
    }
    let Some(entries) = metadata.as_object_mut() else { return };
    match value {
        Some(value) => entries.insert(key.to_owned(), json!(value)),
        None => entries.remove(key),
    };
}
