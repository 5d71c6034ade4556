//! The Machines API: volumes, capacity, faults, and what a restart keeps.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use clawstead_emulators::fly::MachineState;
use clawstead_emulators::{Fault, Fly, FlyOptions};
use common::LONG;
use common::http::Client;
use common::schema::assert_fly;
use reqwest::Method;
use serde_json::{Value, json};

const TOKEN: &str = "fly-token";

fn quick() -> FlyOptions {
    FlyOptions {
        token: TOKEN.into(),
        start_delay: Duration::from_millis(1),
        stop_delay: Duration::from_millis(1),
        volume_release_delay: Duration::from_millis(1),
        ..FlyOptions::default()
    }
}

async fn start(options: FlyOptions) -> (Fly, Client) {
    let fly = Fly::start(options).await.expect("starts");
    let client = Client::new(format!("{}/v1", fly.base_url())).with_bearer(TOKEN);
    (fly, client)
}

async fn volume(client: &Client, region: &str) -> String {
    let body = json!({ "name": "openclaw_data", "region": region, "size_gb": 1 });
    let answer = client.post("/apps/app/volumes", body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_fly("Volume", &answer.body);
    answer.body["id"].as_str().expect("an id").to_owned()
}

fn machine(name: &str, region: &str, volume: &str) -> Value {
    let mounts = json!([{ "volume": volume, "path": "/data" }]);
    json!({ "name": name, "region": region, "config": { "image": "i", "mounts": mounts } })
}

/// A machine with a volume, both already gone as far as the machine is concerned; gives the volume's path.
async fn volume_of_a_destroyed_machine(fly: &Fly, client: &Client) -> String {
    let volume = volume(client, "fra").await;
    let path = format!("/apps/app/volumes/{volume}");
    let created = client.post("/apps/app/machines", machine("one", "fra", &volume)).await;
    let id = created.body["id"].as_str().expect("created").to_owned();
    assert_eq!(client.get(&path).await.body["attached_machine_id"], id.as_str());
    assert_eq!(client.delete(&path).await.status, 412, "in use");
    client.delete(&format!("/apps/app/machines/{id}?force=true")).await;
    fly.machines_when(LONG, |all| all[0].state == MachineState::Destroyed).await.expect("destroyed");
    path
}

#[tokio::test]
async fn a_volume_stays_bound_for_a_while() {
    let hour = Duration::from_secs(3_600);
    let (fly, client) = start(FlyOptions { volume_release_delay: hour, ..quick() }).await;
    let path = volume_of_a_destroyed_machine(&fly, &client).await;
    let refused = client.delete(&path).await;
    assert_eq!(refused.status, 412);
    assert_fly("ErrorResponse", &refused.body);
    fly.stop().await;
}

#[tokio::test]
async fn a_released_volume_can_be_deleted() {
    let (fly, client) = start(quick()).await;
    let path = volume_of_a_destroyed_machine(&fly, &client).await;
    let released = async {
        while client.get(&path).await.body["attached_machine_id"].is_string() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, released).await.expect("the volume is released");
    let deleted = client.delete(&path).await;
    assert_eq!(deleted.status, 200);
    assert_fly("Volume", &deleted.body);
    assert_eq!(client.get(&path).await.status, 404);
    assert_eq!(client.delete(&path).await.status, 404);
    assert_eq!(client.get("/apps/app/volumes").await.body, json!([]));
    fly.stop().await;
}

#[tokio::test]
async fn a_mount_needs_a_free_volume_of_the_region() {
    let (fly, client) = start(quick()).await;
    let volume = volume(&client, "fra").await;
    let create = async |body: Value| client.post("/apps/app/machines", body).await.status;
    assert_eq!(create(machine("one", "iad", &volume)).await, 400, "another region");
    assert_eq!(client.post("/apps/other/machines", machine("one", "fra", &volume)).await.status, 400);
    assert_eq!(create(machine("one", "fra", &volume)).await, 200);
    assert_eq!(create(machine("two", "fra", &volume)).await, 412, "in use");
    fly.stop().await;
}

#[tokio::test]
async fn volumes_are_checked_listed_extended_and_snapshotted() {
    let (fly, client) = start(quick()).await;
    for bad in [
        json!({ "name": "Openclaw-Data", "region": "fra" }),
        json!({ "name": "a".repeat(31), "region": "fra" }),
        json!({ "name": "a" }),
        json!({ "name": "a", "region": "fra", "size_gb": 501 }),
        json!({ "name": "a", "region": "fra", "snapshot_retention": 61 }),
    ] {
        assert_eq!(client.post("/apps/app/volumes", bad.clone()).await.status, 400, "{bad}");
    }
    let id = volume(&client, "fra").await;
    let path = format!("/apps/app/volumes/{id}");
    let of_org = client.get("/orgs/personal/volumes").await.body;
    assert_fly("OrgVolumesResponse", &of_org);
    assert_eq!(of_org["volumes"][0]["app_name"], "app");
    let extended = client.call(Method::PUT, &format!("{path}/extend"), Some(json!({ "size_gb": 3 })), &[]).await;
    assert_fly("ExtendVolumeResponse", &extended.body);
    assert_eq!(fly.volumes()[0].size_gb, 3);
    assert_eq!(client.post(&format!("{path}/snapshots"), json!({})).await.status, 200);
    let snapshots = client.get(&format!("{path}/snapshots")).await.body;
    assert_fly("VolumeSnapshot", &snapshots[0]);
    let from = json!({ "name": "copy", "region": "fra", "snapshot_id": snapshots[0]["id"] });
    assert_eq!(client.post("/apps/app/volumes", from).await.status, 200);
    let from = json!({ "name": "copy", "region": "fra", "snapshot_id": "vs_unknown" });
    assert_eq!(client.post("/apps/app/volumes", from).await.status, 400);
    fly.stop().await;
}

#[tokio::test]
async fn capacity_runs_out_by_region_and_by_cap() {
    let (fly, client) = start(FlyOptions { machines_max: Some(1), ..quick() }).await;
    let sandbox = Client::new(fly.base_url());
    let in_fra = volume(&client, "fra").await;
    let full = json!({ "capacity": { "region": "fra" } });
    assert_eq!(sandbox.post("/sandbox/faults", full).await.status, 200);
    let refused = client.post("/apps/app/machines", machine("one", "fra", &in_fra)).await;
    assert_eq!((refused.status, &refused.body["status"]), (412, &json!("insufficient_capacity")));
    assert_fly("ErrorResponse", &refused.body);
    let new_volume = json!({ "name": "a", "region": "fra" });
    assert_eq!(client.post("/apps/app/volumes", new_volume).await.status, 400);
    let in_iad = volume(&client, "iad").await;
    assert_eq!(client.post("/apps/app/machines", machine("one", "iad", &in_iad)).await.status, 200);

    fly.fill_region("fra", false);
    let over_cap = client.post("/apps/app/machines", machine("two", "fra", &in_fra)).await;
    assert_eq!(over_cap.body["status"], "insufficient_capacity");
    fly.stop().await;

    let (fly, client) = start(FlyOptions { machines_max: Some(0), ..quick() }).await;
    let none = client.post("/apps/app/machines", json!({ "config": { "image": "i" } })).await;
    assert_eq!((none.status, &none.body["status"]), (422, &json!("insufficient_capacity")));
    assert!(fly.machines().is_empty());
    fly.stop().await;
}

#[tokio::test]
async fn troubles_are_served_when_ordered() {
    let (fly, client) = start(quick()).await;
    let sandbox = Client::new(fly.base_url());
    let create = async || client.post("/apps/app/machines", json!({ "name": "one", "config": { "image": "i" } })).await;
    let order = json!({ "method": "POST", "path": "/apps/*/machines", "status": 429, "retry_after": 2, "times": 2 });
    assert_eq!(sandbox.post("/sandbox/faults", order).await.status, 200);
    for _ in 0..2 {
        let limited = create().await;
        assert_eq!((limited.status, limited.retry_after.as_deref()), (429, Some("2")));
    }
    assert!(fly.machines().is_empty(), "nothing happened");

    fly.fault(Fault { method: Some("POST".into()), lost_reply: true, ..Fault::default() });
    assert_eq!(create().await.status, 504);
    assert_eq!(fly.machines().len(), 1, "it happened");
    assert_eq!(create().await.status, 409);

    sandbox.post("/sandbox/faults", json!({ "status": 500, "times": 0 })).await;
    for _ in 0..3 {
        assert_eq!(client.get("/apps/app/machines").await.status, 500);
    }
    sandbox.post("/sandbox/faults", json!({ "clear": true })).await;
    assert_eq!(client.get("/apps/app/machines").await.status, 200);
    assert_eq!(sandbox.post("/sandbox/faults", json!({ "statsu": 500 })).await.status, 422);
    fly.stop().await;
}

#[tokio::test]
async fn a_restart_keeps_machines_and_volumes() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = FlyOptions { state_file: Some(folder.path().join("fly.json")), ..quick() };
    let (fly, client) = start(options.clone()).await;
    let volume = volume(&client, "fra").await;
    let mut first = machine("first", "fra", &volume);
    first["config"]["env"] = json!({ "A": "1" });
    client.post("/apps/app/machines", first).await;
    let mut second = json!({ "name": "second", "config": { "image": "i" } });
    second["skip_launch"] = json!(true);
    client.post("/apps/app/machines", second).await;
    let is_started = |all: &[clawstead_emulators::MachineView]| all[0].state == MachineState::Started;
    fly.machines_when(LONG, is_started).await.expect("started");
    fly.stop().await;

    let (fly, _) = start(options).await;
    fly.machines_when(LONG, is_started).await.expect("started again");
    let machines = fly.machines();
    assert_eq!(machines[0].process, "running");
    assert_eq!((machines[0].name.as_str(), machines[0].env["A"].as_str()), ("first", "1"));
    assert_eq!(machines[1].state, MachineState::Created);
    assert_eq!(fly.volumes()[0].bound_to.as_deref(), Some(machines[0].id.as_str()));
    fly.stop().await;
}

#[tokio::test]
async fn a_copy_of_a_volume_is_complete_only_later() {
    let (fly, client) = start(quick()).await;
    let sandbox = Client::new(fly.base_url());
    assert_eq!(sandbox.post("/sandbox/delays", json!({ "snapshot_ms": 3_600_000 })).await.status, 200);
    let volume = volume(&client, "fra").await;
    let path = format!("/apps/app/volumes/{volume}/snapshots");
    let begun = client.post(&path, json!({})).await;
    assert_eq!(begun.body["status"], "pending");
    let from = json!({ "name": "openclaw_data", "region": "fra", "size_gb": 1, "snapshot_id": begun.body["id"] });
    assert_eq!(client.post("/apps/app/volumes", from).await.status, 412);
    sandbox.post("/sandbox/delays", json!({ "snapshot_ms": 0 })).await;
    client.post(&path, json!({})).await;
    let all = client.get(&path).await.body;
    assert_eq!((&all[0]["status"], &all[1]["status"]), (&json!("pending"), &json!("created")));
    fly.stop().await;
}

#[tokio::test]
async fn limits_of_rate_are_switched_on_and_off() {
    let (fly, client) = start(quick()).await;
    let sandbox = Client::new(fly.base_url());
    sandbox.post("/sandbox/limits", json!({ "on": true })).await;
    let mut statuses = Vec::new();
    for _ in 0..30 {
        let answer = client.get("/apps/app/volumes").await;
        assert!(answer.status != 429 || answer.retry_after.as_deref() == Some("1"));
        statuses.push(answer.status);
    }
    assert_eq!(statuses[..3], [200; 3]);
    assert!(statuses.contains(&429), "{statuses:?}");
    sandbox.post("/sandbox/limits", json!({ "on": false })).await;
    assert_eq!(client.get("/apps/app/volumes").await.status, 200);
    fly.stop().await;
}

#[tokio::test]
async fn weather_comes_and_goes() {
    let (fly, client) = start(quick()).await;
    let sandbox = Client::new(fly.base_url());
    let storm = json!({ "seed": 3, "full": 1_000 });
    assert_eq!(sandbox.post("/sandbox/weather", storm).await.status, 200);
    let new_volume = json!({ "name": "openclaw_data", "region": "fra", "size_gb": 1 });
    let refused = client.post("/apps/app/volumes", new_volume.clone()).await;
    assert_eq!((refused.status, &refused.body["status"]), (422, &json!("insufficient_capacity")));
    let lost = json!({ "seed": 3, "lost_replies": 1_000 });
    sandbox.post("/sandbox/weather", lost).await;
    assert_eq!(client.post("/apps/app/volumes", new_volume).await.status, 504);
    sandbox.post("/sandbox/faults", json!({ "clear": true })).await;
    assert_eq!(client.get("/apps/app/volumes").await.body.as_array().map(Vec::len), Some(1), "it took effect all the same");
    fly.stop().await;
}

#[tokio::test]
async fn a_process_that_ends_by_itself_is_treated_as_its_restart_policy_says() {
    let (fly, client) = start(quick()).await;
    fly.set_weather(Some(clawstead_emulators::fly::Weather { endings: 1_000, ends_within_ms: 1, ..Default::default() }));
    let config = json!({ "image": "i", "restart": { "policy": "no" } });
    client.post("/apps/app/machines", json!({ "name": "one", "region": "fra", "config": config })).await;
    fly.machines_when(LONG, |all| all[0].state == MachineState::Stopped).await.expect("it ends");
    fly.stop().await;
}
