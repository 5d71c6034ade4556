//! Machines and volumes as the API and the library show them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::state::{App, Event, Machine, MachineState, State, Volume};
use crate::clock::rfc3339;

/// An event of a machine.
#[derive(Clone, Debug, Serialize)]
pub struct EventView {
    /// `launch`, `start`, `stop`, `exit`, …
    pub kind: String,
    /// The machine's state after it.
    pub status: String,
    /// In milliseconds since the epoch.
    pub at_ms: i64,
    /// The exit code, for an exit.
    pub exit_code: Option<i64>,
}

/// A machine, for tests and for the sandbox.
#[derive(Clone, Debug, Serialize)]
pub struct MachineView {
    /// The id Fly gave it.
    pub id: String,
    /// Its app.
    pub app: String,
    /// Unique in its app.
    pub name: String,
    /// Where it runs.
    pub region: String,
    /// Its state.
    pub state: MachineState,
    /// Its image.
    pub image: String,
    /// The environment it was given; the control route shows only the names.
    #[serde(skip)]
    pub env: BTreeMap<String, String>,
    /// The names of its environment variables.
    pub env_keys: Vec<String>,
    /// Its metadata.
    pub metadata: BTreeMap<String, String>,
    /// The volume it mounts.
    pub volume: Option<String>,
    /// Taken out of service.
    pub cordoned: bool,
    /// What its process does: `none`, `running`, or how it ended.
    pub process: String,
    /// Oldest first.
    pub events: Vec<EventView>,
}

/// A volume, for tests and for the sandbox.
#[derive(Clone, Debug, Serialize)]
pub struct VolumeView {
    /// The id Fly gave it.
    pub id: String,
    /// Its app.
    pub app: String,
    /// Its name, which need not be unique.
    pub name: String,
    /// Where it is.
    pub region: String,
    /// Its size.
    pub size_gb: u64,
    /// The machine it is bound to, or was until a moment ago.
    pub bound_to: Option<String>,
}

pub(crate) fn machine_views(state: &State) -> Vec<MachineView> {
    state.machines_by_age().into_iter().map(machine_view).collect()
}

pub(crate) fn volume_views(state: &State) -> Vec<VolumeView> {
    state.volumes_by_age().into_iter().map(volume_view).collect()
}

fn machine_view(machine: &Machine) -> MachineView {
    let env = machine.environment();
    MachineView {
        id: machine.id.clone(),
        app: machine.app.clone(),
        name: machine.name.clone(),
        region: machine.region.clone(),
        state: machine.state,
        image: machine.config["image"].as_str().unwrap_or_default().to_owned(),
        env_keys: env.keys().cloned().collect(),
        env,
        metadata: machine.metadata(),
        volume: machine.volume().map(str::to_owned),
        cordoned: machine.cordoned,
        process: machine.process.clone(),
        events: machine.events.iter().map(event_view).collect(),
    }
}

fn event_view(event: &Event) -> EventView {
    let request = event.request.as_ref();
    EventView {
        kind: event.kind.clone(),
        status: event.status.clone(),
        at_ms: event.at_ms,
        exit_code: request.and_then(|request| request["exit_event"]["exit_code"].as_i64()),
    }
}

fn volume_view(volume: &Volume) -> VolumeView {
    VolumeView {
        id: volume.id.clone(),
        app: volume.app.clone(),
        name: volume.name.clone(),
        region: volume.region.clone(),
        size_gb: volume.size_gb,
        bound_to: volume.bound_to.clone(),
    }
}

pub(crate) fn event(event: &Event) -> Value {
    let mut document = json!({
        "id": event.id,
        "type": event.kind,
        "status": event.status,
        "source": event.source,
        "timestamp": event.at_ms,
    });
    if let Some(request) = &event.request {
        document["request"] = request.clone();
    }
    document
}

/// A machine as the API shows it; the summary leaves the bulky parts out.
pub(crate) fn machine(machine: &Machine, summary: bool) -> Value {
    let mut document = json!({
        "id": machine.id,
        "name": machine.name,
        "state": machine.state.name(),
        "region": machine.region,
        "instance_id": machine.instance_id,
        "private_ip": machine.private_ip,
        "created_at": rfc3339(machine.created_ms),
        "updated_at": rfc3339(machine.updated_ms),
        "image_ref": image_ref(machine.config["image"].as_str().unwrap_or_default()),
    });
    if !summary {
        document["config"] = machine.config.clone();
        document["events"] = machine.events.iter().rev().map(event).collect();
        document["checks"] = json!([]);
        document["host_status"] = json!("ok");
    }
    document
}

/// A machine in the listing of an organization.
pub(crate) fn org_machine(machine: &Machine, summary: bool) -> Value {
    let mut document = json!({
        "id": machine.id,
        "app_name": machine.app,
        "name": machine.name,
        "state": machine.state.name(),
        "region": machine.region,
        "instance_id": machine.instance_id,
        "version": machine.instance_id,
        "private_ip": machine.private_ip,
        "created_at": rfc3339(machine.created_ms),
        "updated_at": rfc3339(machine.updated_ms),
    });
    if !summary {
        document["config"] = json!({
            "image": machine.config["image"],
            "guest": machine.config["guest"],
            "metadata": machine.metadata(),
        });
    }
    document
}

pub(crate) fn volume(volume: &Volume) -> Value {
    let bytes = volume.size_gb * 1024 * 1024 * 1024;
    let blocks = bytes / 4_096;
    json!({
        "id": volume.id,
        "name": volume.name,
        "state": "created",
        "region": volume.region,
        "zone": format!("{}1", volume.region),
        "size_gb": volume.size_gb,
        "encrypted": volume.encrypted,
        "fstype": "ext4",
        "type": "local",
        "attached_machine_id": volume.bound_to,
        "attached_alloc_id": null,
        "created_at": rfc3339(volume.created_ms),
        "snapshot_retention": volume.snapshot_retention,
        "auto_backup_enabled": volume.auto_backup_enabled,
        "host_status": "ok",
        "block_size": 4_096,
        "blocks": blocks,
        "blocks_free": blocks,
        "blocks_avail": blocks,
        "bytes_total": bytes,
        "bytes_used": 0,
    })
}

pub(crate) fn org_volume(one: &Volume) -> Value {
    let mut document = volume(one);
    document["app_name"] = json!(one.app);
    document["updated_at"] = json!(rfc3339(one.created_ms));
    document
}

pub(crate) fn app(state: &State, app: &App) -> Value {
    let machines = state.machines.values();
    let living = machines.filter(|one| one.app == app.name && !one.state.is_ending()).count();
    let volumes = state.volumes.values().filter(|one| one.app == app.name).count();
    let org = app.org_slug.as_deref().unwrap_or("personal");
    json!({
        "id": app.id,
        "name": app.name,
        "status": if living > 0 { "deployed" } else { "pending" },
        "machine_count": living,
        "volume_count": volumes,
        "network": "default",
        "organization": { "name": org, "slug": org },
    })
}

/// The parts of an image reference: registry, repository, tag and digest.
fn image_ref(image: &str) -> Value {
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    let (path, tag) = match rest.rsplit_once(':') {
        // A colon before the last slash belongs to the registry's port.
        Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
        _ => (rest, None),
    };
    let (registry, repository) = match path.split_once('/') {
        Some((registry, repository)) if registry.contains(['.', ':']) => (registry, repository),
        _ => ("docker-hub-mirror.fly.io", path),
    };
    let mut document = json!({ "registry": registry, "repository": repository, "labels": {} });
    for (name, value) in [("tag", tag), ("digest", digest)] {
        if let Some(value) = value {
            document[name] = json!(value);
        }
    }
    document
}

#[cfg(test)]
mod tests {
    use super::image_ref;

    #[test]
    fn image_references_come_apart() {
        let pinned = image_ref("registry.fly.io/worker:v1@sha256:abc");
        assert_eq!(pinned["registry"], "registry.fly.io");
        assert_eq!(pinned["repository"], "worker");
        assert_eq!(pinned["tag"], "v1");
        assert_eq!(pinned["digest"], "sha256:abc");
        let with_port = image_ref("localhost:5000/a/b");
        assert_eq!(with_port["registry"], "localhost:5000");
        assert_eq!(with_port["repository"], "a/b");
        assert!(with_port.get("tag").is_none());
    }
}
