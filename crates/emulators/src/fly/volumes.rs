//! Volumes and their snapshots.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Shares};
use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::state::{Snapshot, State, Volume};
use super::{Shared, apps, capacity, documents, validation};
use crate::clock::{now_ms, rfc3339};
use crate::ids;

const SIZE_GB: std::ops::RangeInclusive<u64> = 1..=500;
const RETENTION_DAYS: std::ops::RangeInclusive<u64> = 1..=60;
const RETENTION_DEFAULT: u64 = 5;

type VolumePath = Path<(String, String)>;

pub(crate) async fn list(Shares(shared): Shares<Arc<Shared>>, Path(app): Path<String>) -> Answer<Json<Value>> {
    shared.store.read(|state| {
        apps::readable(state, &app, shared.options.any_app)?;
        let volumes = state.volumes_by_age().into_iter().filter(|volume| volume.app == app);
        Ok(Json(volumes.map(documents::volume).collect()))
    })
}

pub(crate) async fn create(
    Shares(shared): Shares<Arc<Shared>>,
    Path(app): Path<String>,
    Json(body): Json<Value>,
) -> Answer<Json<Value>> {
    let name = body["name"].as_str().unwrap_or_default();
    validation::volume_name(name)?;
    let region = body["region"].as_str().unwrap_or_default();
    validation::region(region)?;
    let size_gb = number(&body, "size_gb", 1, SIZE_GB)?;
    let snapshot_retention = number(&body, "snapshot_retention", RETENTION_DEFAULT, RETENTION_DAYS)?;
    shared.store.change(|state| {
        apps::ensure(state, &app, shared.options.any_app)?;
        capacity::volume_fits(state, region)?;
        if let Some(snapshot) = body["snapshot_id"].as_str() {
            let copies = state.volumes.values().flat_map(|volume| &volume.snapshots);
            match copies.into_iter().find(|one| one.id == snapshot) {
                None => return Err(Refusal::invalid(format!("snapshot {snapshot} does not exist"))),
                Some(one) if !one.is_complete() => {
                    return Err(Refusal::precondition(format!("snapshot {snapshot} is not complete")));
                }
                Some(_) => {}
            }
        }
        let volume = Volume {
            seq: state.take_seq(),
            id: format!("vol_{}", ids::lower(16)),
            app,
            name: name.to_owned(),
            region: region.to_owned(),
            size_gb,
            encrypted: body["encrypted"].as_bool().unwrap_or(true),
            snapshot_retention,
            auto_backup_enabled: body["auto_backup_enabled"].as_bool().unwrap_or(true),
            created_ms: now_ms(),
            bound_to: None,
            snapshots: Vec::new(),
        };
        let document = documents::volume(&volume);
        state.volumes.insert(volume.id.clone(), volume);
        Ok(Json(document))
    })
}

fn number(body: &Value, field: &str, default: u64, range: std::ops::RangeInclusive<u64>) -> Answer<u64> {
    if body[field].is_null() {
        return Ok(default);
    }
    body[field]
        .as_u64()
        .filter(|number| range.contains(number))
        .ok_or_else(|| Refusal::invalid(format!("{field} is a number from {} to {}", range.start(), range.end())))
}

fn find<'a>(state: &'a mut State, app: &str, id: &str) -> Answer<&'a mut Volume> {
    let volume = state.volumes.get_mut(id).filter(|volume| volume.app == app);
    volume.ok_or_else(|| Refusal::not_found("volume"))
}

pub(crate) async fn show(Shares(shared): Shares<Arc<Shared>>, Path((app, id)): VolumePath) -> Answer<Json<Value>> {
    shared.store.read(|state| {
        let volume = state.volumes.get(&id).filter(|volume| volume.app == app);
        Ok(Json(documents::volume(volume.ok_or_else(|| Refusal::not_found("volume"))?)))
    })
}

pub(crate) async fn destroy(Shares(shared): Shares<Arc<Shared>>, Path((app, id)): VolumePath) -> Answer<Json<Value>> {
    shared.store.change(|state| {
        let volume = find(state, &app, &id)?;
        if let Some(machine) = &volume.bound_to {
            return Err(Refusal::precondition(format!("volume {id} is currently bound to machine: {machine}")));
        }
        let mut document = documents::volume(volume);
        document["state"] = json!("pending_destroy");
        state.volumes.remove(&id);
        Ok(Json(document))
    })
}

pub(crate) async fn extend(
    Shares(shared): Shares<Arc<Shared>>,
    Path((app, id)): VolumePath,
    Json(body): Json<Value>,
) -> Answer<Json<Value>> {
    shared.store.change(|state| {
        let volume = find(state, &app, &id)?;
        volume.size_gb = number(&body, "size_gb", volume.size_gb, volume.size_gb..=*SIZE_GB.end())?;
        Ok(Json(json!({ "needs_restart": false, "volume": documents::volume(volume) })))
    })
}

pub(crate) async fn list_snapshots(Shares(shared): Shares<Arc<Shared>>, Path((app, id)): VolumePath) -> Answer<Json<Value>> {
    shared.store.change(|state| {
        let volume = find(state, &app, &id)?;
        Ok(Json(volume.snapshots.iter().map(|one| snapshot(one, volume)).collect()))
    })
}

pub(crate) async fn take_snapshot(Shares(shared): Shares<Arc<Shared>>, Path((app, id)): VolumePath) -> Answer<Json<Value>> {
    shared.store.change(|state| {
        let volume = find(state, &app, &id)?;
        let delay_ms = i64::try_from(shared.delays().snapshot_ms.unwrap_or(0)).unwrap_or(i64::MAX);
        let new = Snapshot {
            id: format!("vs_{}", ids::lower(16)),
            created_ms: now_ms(),
            complete_ms: now_ms().saturating_add(delay_ms),
            retention_days: volume.snapshot_retention,
        };
        let document = snapshot(&new, volume);
        volume.snapshots.push(new);
        Ok(Json(document))
    })
}

fn snapshot(snapshot: &Snapshot, volume: &Volume) -> Value {
    json!({
        "id": snapshot.id,
        "created_at": rfc3339(snapshot.created_ms),
        "digest": format!("sha256:{}", snapshot.id),
        "retention_days": snapshot.retention_days,
        "size": 0,
        "status": if snapshot.is_complete() { "created" } else { "pending" },
        "volume_size": volume.size_gb * 1024 * 1024 * 1024,
    })
}
