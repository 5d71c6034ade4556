//! Machines: list, create, show, update, delete.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State as Shares};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::state::{Lease, Machine, MachineState, State};
use super::{Shared, apps, capacity, documents, leases, lifecycle, validation};
use crate::clock::now_ms;
use crate::ids;

const REGION_DEFAULT: &str = "iad";

/// The filters of a listing; what begins with `metadata.` asks for that value.
pub(crate) struct Filter {
    include_deleted: bool,
    pub(crate) summary: bool,
    region: Option<String>,
    states: Vec<String>,
    metadata: BTreeMap<String, String>,
}

impl Filter {
    pub(crate) fn of(query: &[(String, String)]) -> Filter {
        let value = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        let metadata = query.iter().filter_map(|(key, value)| Some((key.strip_prefix("metadata.")?.to_owned(), value.clone())));
        let states = value("state").map(|list| list.split(',').map(str::to_owned).collect());
        Filter {
            include_deleted: value("include_deleted").is_some_and(|text| text == "true"),
            summary: value("summary").is_some_and(|text| text == "true"),
            region: value("region").cloned(),
            states: states.unwrap_or_default(),
            metadata: metadata.collect(),
        }
    }

    pub(crate) fn admits(&self, machine: &Machine) -> bool {
        let metadata = machine.metadata();
        (self.include_deleted || machine.state != MachineState::Destroyed)
            && self.region.as_ref().is_none_or(|region| machine.region == *region)
            && (self.states.is_empty() || self.states.iter().any(|s| s == machine.state.name()))
            && self.metadata.iter().all(|(key, value)| metadata.get(key) == Some(value))
    }
}

pub(crate) async fn list(
    Shares(shared): Shares<Arc<Shared>>,
    Path(app): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Answer<Json<Value>> {
    let filter = Filter::of(&query);
    shared.store.read(|state| {
        apps::readable(state, &app, shared.options.any_app)?;
        let machines = state.machines_by_age().into_iter();
        let of_app = machines.filter(|machine| machine.app == app && filter.admits(machine));
        Ok(Json(of_app.map(|machine| documents::machine(machine, filter.summary)).collect()))
    })
}

pub(crate) async fn create(
    Shares(shared): Shares<Arc<Shared>>,
    Path(app): Path<String>,
    Json(body): Json<Value>,
) -> Answer<Json<Value>> {
    let skip_launch = body["skip_launch"].as_bool().unwrap_or(false);
    let machine_id = shared.store.change(|state| insert(&shared, state, &app, &body))?;
    // The answer shows the machine as it was made, before it starts.
    let document = shared.store.read(|state| {
        let machine = &state.machines[&machine_id];
        let mut document = documents::machine(machine, false);
        if let Some(lease) = &machine.lease {
            document["nonce"] = json!(lease.nonce);
        }
        document
    });
    if !skip_launch {
        lifecycle::launch(&shared, &machine_id);
    }
    Ok(Json(document))
}

fn insert(shared: &Shared, state: &mut State, app: &str, body: &Value) -> Answer<String> {
    apps::ensure(state, app, shared.options.any_app)?;
    let config = &body["config"];
    validation::config(config)?;
    let volume = config["mounts"][0]["volume"].as_str();
    let region = match body["region"].as_str() {
        Some(region) => region.to_owned(),
        None => {
            volume.and_then(|id| state.volumes.get(id)).map_or_else(|| REGION_DEFAULT.to_owned(), |volume| volume.region.clone())
        }
    };
    validation::region(&region)?;
    let name = match body["name"].as_str() {
        Some(name) => name.to_owned(),
        None => format!("sandbox-{}", ids::lower(8)),
    };
    validation::machine_name(&name)?;
    refuse_taken_name(state, app, &name)?;
    if let Some(volume) = volume {
        validation::mountable(state, app, &region, volume, None)?;
    }
    capacity::machine_fits(state, shared.options.machines_max, &region, volume)?;
    let id = ids::hex(14);
    if let Some(volume) = volume.and_then(|volume| state.volumes.get_mut(volume)) {
        volume.bound_to = Some(id.clone());
    }
    let lease = body["lease_ttl"].as_i64().filter(|ttl| *ttl > 0).map(|ttl| Lease {
        nonce: ids::hex(16),
        expires_at_ms: now_ms() + ttl * 1_000,
        description: String::new(),
    });
    let mut machine = Machine {
        seq: state.take_seq(),
        id: id.clone(),
        app: app.to_owned(),
        name,
        region,
        state: MachineState::Created,
        config: config.clone(),
        instance_id: ids::ulid(),
        private_ip: format!("fdaa:0:1:a7b:{}:{}:{}:2", ids::hex(3), ids::hex(4), ids::hex(4)),
        cordoned: false,
        created_ms: now_ms(),
        updated_ms: now_ms(),
        events: Vec::new(),
        lease,
        run: 0,
        restarts: 0,
        process: "none".to_owned(),
    };
    machine.record("launch", "user", None);
    state.machines.insert(id.clone(), machine);
    Ok(id)
}

fn refuse_taken_name(state: &State, app: &str, name: &str) -> Answer<()> {
    let holder = state
        .machines
        .values()
        .find(|machine| machine.app == app && machine.name == name && machine.state != MachineState::Destroyed);
    let Some(holder) = holder else { return Ok(()) };
    let id = &holder.id;
    let taken = format!("already_exists: unique machine name violation, machine ID {id} already exists with name \"{name}\"");
    Err(Refusal::new(StatusCode::CONFLICT, taken))
}

/// The machine of a path; one of another app is as good as none.
pub(crate) fn find<'a>(state: &'a State, app: &str, id: &str) -> Answer<&'a Machine> {
    let machine = state.machines.get(id).filter(|machine| machine.app == app);
    machine.ok_or_else(|| Refusal::not_found("machine"))
}

/// The machine of a path, for a change: it must not be gone, and the caller must hold its lease if
/// somebody does.
pub(crate) fn find_to_change<'a>(state: &'a mut State, app: &str, id: &str, headers: &HeaderMap) -> Answer<&'a mut Machine> {
    let machine = state.machines.get_mut(id).filter(|machine| machine.app == app && machine.state != MachineState::Destroyed);
    let machine = machine.ok_or_else(|| Refusal::not_found("machine"))?;
    leases::check(machine, headers)?;
    Ok(machine)
}

pub(crate) async fn show(Shares(shared): Shares<Arc<Shared>>, Path((app, id)): Path<(String, String)>) -> Answer<Json<Value>> {
    shared.store.read(|state| find(state, &app, &id).map(|machine| Json(documents::machine(machine, false))))
}

pub(crate) async fn update(
    Shares(shared): Shares<Arc<Shared>>,
    Path((app, id)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer<Json<Value>> {
    let skip_launch = body["skip_launch"].as_bool().unwrap_or(false);
    let config = &body["config"];
    validation::config(config)?;
    let (document, was) = shared.store.change(|state| {
        let machine = find_to_change(state, &app, &id, &headers)?;
        if let Some(expected) = body["current_version"].as_str()
            && expected != machine.instance_id
        {
            let actual = &machine.instance_id;
            return Err(Refusal::precondition(format!("current_version is {actual}")));
        }
        if machine.state.is_ending() {
            return Err(Refusal::precondition("machine is being destroyed"));
        }
        let region = machine.region.clone();
        let wanted = config["mounts"][0]["volume"].as_str();
        if let Some(volume) = wanted {
            validation::mountable(state, &app, &region, volume, Some(&id))?;
        }
        state.release_volumes_of(&id);
        if let Some(volume) = wanted.and_then(|volume| state.volumes.get_mut(volume)) {
            volume.bound_to = Some(id.clone());
        }
        let machine = find_to_change(state, &app, &id, &headers)?;
        let was = machine.state;
        machine.config = config.clone();
        machine.instance_id = ids::ulid();
        if let Some(name) = body["name"].as_str() {
            machine.name = name.to_owned();
        }
        machine.record("update", "user", None);
        Ok((documents::machine(machine, false), was))
    })?;
    match was {
        MachineState::Started | MachineState::Starting => {
            lifecycle::relaunch(&shared, &id, MachineState::Replacing, lifecycle::KILL_TIMEOUT);
        }
        MachineState::Created | MachineState::Stopped | MachineState::Failed if !skip_launch => {
            lifecycle::launch(&shared, &id);
        }
        _ => {}
    }
    Ok(Json(document))
}

pub(crate) async fn destroy(
    Shares(shared): Shares<Arc<Shared>>,
    Path((app, id)): Path<(String, String)>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Answer<Json<Value>> {
    let force = query.get("force").is_some_and(|text| text == "true");
    shared.store.change(|state| {
        let machine = find_to_change(state, &app, &id, &headers)?;
        let at_rest = matches!(
            machine.state,
            MachineState::Created | MachineState::Stopped | MachineState::Failed | MachineState::Destroying
        );
        if at_rest || force {
            return Ok(());
        }
        let name = machine.state.name();
        Err(Refusal::precondition(format!("unable to destroy machine, not currently stopped or suspended, it is {name}")))
    })?;
    lifecycle::destroy(&shared, &id);
    Ok(Json(json!({ "ok": true })))
}
