//! The Machines API: machines.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use clawstead_emulators::fly::{MachineState, Script};
use clawstead_emulators::{Fly, FlyOptions};
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

fn body(name: &str) -> Value {
    json!({ "name": name, "region": "fra", "config": { "image": "registry.fly.io/worker:v1" } })
}

async fn created(client: &Client, body: Value) -> String {
    let answer = client.post("/apps/app/machines", body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["id"].as_str().expect("an id").to_owned()
}

fn path(id: &str, rest: &str) -> String {
    format!("/apps/app/machines/{id}{rest}")
}

async fn wait_for(client: &Client, id: &str, state: &str) {
    let answer = client.get(&path(id, &format!("/wait?state={state}&timeout=30"))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_fly("WaitMachineResponse", &answer.body);
    assert_eq!(answer.body["state"], state);
}

#[tokio::test]
async fn only_the_token_lets_in() {
    let (fly, client) = start(quick()).await;
    assert_eq!(client.get("/apps/app/machines").await.status, 200);
    let stranger = Client::new(format!("{}/v1", fly.base_url())).with_bearer("wrong");
    let refused = stranger.get("/apps/app/machines").await;
    assert_eq!(refused.status, 401);
    assert_fly("ErrorResponse", &refused.body);
    fly.stop().await;
}

#[tokio::test]
async fn a_machine_lives_and_goes() {
    let (fly, client) = start(quick()).await;
    let answer = client.post("/apps/app/machines", body("one")).await;
    assert_eq!((answer.status, &answer.body["state"]), (200, &json!("created")));
    assert_fly("Machine", &answer.body);
    let id = answer.body["id"].as_str().unwrap();
    wait_for(&client, id, "started").await;
    let shown = client.get(&path(id, "")).await.body;
    assert_fly("Machine", &shown);
    assert_eq!(shown["events"][0]["type"], "start", "the newest event comes first");

    let running = client.delete(&path(id, "")).await;
    assert_eq!(running.status, 412);
    assert_fly("ErrorResponse", &running.body);
    assert_eq!(client.post(&path(id, "/stop"), json!({})).await.status, 200);
    wait_for(&client, id, "stopped").await;
    assert_eq!(client.post(&path(id, "/start"), json!({})).await.body["previous_state"], "stopped");
    wait_for(&client, id, "started").await;
    assert_eq!(client.delete(&path(id, "?force=true")).await.status, 200);
    wait_for(&client, id, "destroyed").await;

    assert_eq!(client.get(&path(id, "")).await.body["state"], "destroyed");
    assert_eq!(client.delete(&path(id, "")).await.status, 404);
    assert_eq!(client.get("/apps/app/machines").await.body, json!([]));
    let with_deleted = client.get("/apps/app/machines?include_deleted=true").await.body;
    assert_eq!(with_deleted.as_array().unwrap().len(), 1);
    let statuses: Vec<String> = fly.machines().remove(0).events.into_iter().map(|event| event.status).collect();
    let expected = "created starting started stopping stopped starting started destroying destroyed";
    assert_eq!(statuses.join(" "), expected);
    fly.stop().await;
}

#[tokio::test]
async fn skip_launch_leaves_it_created() {
    let (fly, client) = start(quick()).await;
    let mut unlaunched = body("one");
    unlaunched["skip_launch"] = json!(true);
    let id = created(&client, unlaunched).await;
    wait_for(&client, &id, "created").await;
    assert_eq!(client.delete(&path(&id, "")).await.status, 200);
    fly.stop().await;
}

#[tokio::test]
async fn a_wait_ends_with_408() {
    let (fly, client) = start(quick()).await;
    let id = created(&client, body("one")).await;
    wait_for(&client, &id, "started").await;
    let waited = client.get(&path(&id, "/wait?state=stopped&timeout=0")).await;
    assert_eq!(waited.status, 408);
    assert_fly("ErrorResponse", &waited.body);
    assert_eq!(client.get(&path(&id, "/wait?state=stopped&timeout=61")).await.status, 400);
    assert_eq!(client.get(&path(&id, "/wait?state=asleep")).await.status, 400);
    assert_eq!(client.get(&path(&id, "/wait?state=started&instance_id=other&timeout=0")).await.status, 408);
    assert_eq!(client.get(&path(&id, "/wait?state=stopped,settled&timeout=0")).await.status, 200);
    assert_eq!(client.get(&path("unknown", "/wait?timeout=0")).await.status, 404);
    fly.stop().await;
}

#[tokio::test]
async fn names_are_unique_among_living_machines() {
    let (fly, client) = start(quick()).await;
    let id = created(&client, body("one")).await;
    let taken = client.post("/apps/app/machines", body("one")).await;
    assert_eq!(taken.status, 409);
    assert!(taken.body["error"].as_str().unwrap().contains(&id), "it names the holder");
    assert_eq!(client.post("/apps/other/machines", body("one")).await.status, 200);
    client.delete(&path(&id, "?force=true")).await;
    wait_for(&client, &id, "destroyed").await;
    created(&client, body("one")).await;
    fly.stop().await;
}

#[tokio::test]
async fn malformed_requests_are_refused() {
    let (fly, client) = start(quick()).await;
    let with = |config: Value| json!({ "name": "one", "region": "fra", "config": config });
    let cases = [
        json!({ "name": "one", "region": "fra" }),
        with(json!({})),
        with(json!({ "image": "i", "env": { "A": 1 } })),
        with(json!({ "image": "i", "metadata": ["a"] })),
        with(json!({ "image": "i", "guest": { "cpu_kind": "quantum" } })),
        with(json!({ "image": "i", "guest": { "memory_mb": 100 } })),
        with(json!({ "image": "i", "restart": { "policy": "sometimes" } })),
        with(json!({ "image": "i", "mounts": [{ "path": "/data" }] })),
        with(json!({ "image": "i", "mounts": [{ "path": "/data", "volume": "vol_unknown" }] })),
        json!({ "name": "a b", "region": "fra", "config": { "image": "i" } }),
        json!({ "name": "one", "region": "Frankfurt", "config": { "image": "i" } }),
    ];
    for case in cases {
        let answer = client.post("/apps/app/machines", case.clone()).await;
        assert_eq!(answer.status, 400, "{case}");
        assert_fly("ErrorResponse", &answer.body);
    }
    assert!(fly.machines().is_empty());
    assert_eq!(client.get(&path("unknown", "")).await.status, 404);
    assert_eq!(client.post(&path("unknown", "/stop"), json!({})).await.status, 404);
    fly.stop().await;
}

#[tokio::test]
async fn listings_are_filtered() {
    let (fly, client) = start(quick()).await;
    let mut tagged = body("tagged");
    tagged["config"]["metadata"] = json!({ "owner": "clawstead", "worker": "w1" });
    let tagged = created(&client, tagged).await;
    let mut elsewhere = body("elsewhere");
    elsewhere["region"] = json!("iad");
    elsewhere["skip_launch"] = json!(true);
    let elsewhere = created(&client, elsewhere).await;
    wait_for(&client, &tagged, "started").await;
    let ids = async |query: &str| {
        let list = client.get(&format!("/apps/app/machines?{query}")).await.body;
        let list = list.as_array().expect("a list").clone();
        list.into_iter().map(|machine| machine["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await, [tagged.as_str(), elsewhere.as_str()]);
    assert_eq!(ids("metadata.owner=clawstead").await, [tagged.as_str()]);
    assert_eq!(ids("metadata.owner=other").await, [""; 0]);
    assert_eq!(ids("region=iad").await, [elsewhere.as_str()]);
    assert_eq!(ids("state=started,stopped").await, [tagged.as_str()]);
    let summary = client.get("/apps/app/machines?summary=true").await.body;
    assert!(summary[0].get("config").is_none());

    let first = client.get("/orgs/personal/machines?limit=1").await.body;
    assert_fly("OrgMachinesResponse", &first);
    assert_eq!(first["machines"][0]["id"], tagged.as_str());
    let cursor = first["next_cursor"].as_str().expect("there is more");
    let second = client.get(&format!("/orgs/personal/machines?limit=1&cursor={cursor}")).await.body;
    assert_eq!(second["machines"][0]["id"], elsewhere.as_str());
    assert!(second.get("next_cursor").is_none());
    fly.stop().await;
}

#[tokio::test]
async fn an_update_replaces_configuration_and_version() {
    let (fly, client) = start(quick()).await;
    let id = created(&client, body("one")).await;
    wait_for(&client, &id, "started").await;
    let version = client.get(&path(&id, "")).await.body["instance_id"].clone();
    let config = json!({ "image": "registry.fly.io/worker:v2", "env": { "A": "1" } });
    let stale = json!({ "config": config, "current_version": "other" });
    assert_eq!(client.post(&path(&id, ""), stale).await.status, 412);
    let answer = client.post(&path(&id, ""), json!({ "config": config, "current_version": version })).await;
    assert_eq!(answer.status, 200);
    assert_fly("Machine", &answer.body);
    let new_version = answer.body["instance_id"].as_str().unwrap();
    assert_ne!(version, new_version);
    let started = client.get(&path(&id, &format!("/wait?state=started&instance_id={new_version}&timeout=30"))).await;
    assert_eq!(started.status, 200);
    let machine = fly.machines().remove(0);
    assert_eq!((machine.image.as_str(), machine.env["A"].as_str()), ("registry.fly.io/worker:v2", "1"));
    fly.stop().await;
}

#[tokio::test]
async fn metadata_is_set_and_removed() {
    let (fly, client) = start(quick()).await;
    let id = created(&client, body("one")).await;
    let set = client.post(&path(&id, "/metadata/a"), json!({ "value": "1" })).await;
    assert_eq!(set.status, 204);
    let shown = client.get(&path(&id, "/metadata/a")).await.body;
    assert_fly("metadataValueResponse", &shown);
    assert_eq!(shown["value"], "1");
    let merge = json!({ "metadata": { "b": "2", "a": null } });
    assert_eq!(client.call(Method::PUT, &path(&id, "/metadata"), Some(merge), &[]).await.status, 204);
    assert_eq!(client.get(&path(&id, "/metadata")).await.body, json!({ "b": "2" }));
    let stale = json!({ "metadata": { "c": "3" }, "machine_version": "other" });
    assert_eq!(client.call(Method::PATCH, &path(&id, "/metadata"), Some(stale), &[]).await.status, 412);
    assert_eq!(client.delete(&path(&id, "/metadata/b")).await.status, 204);
    assert_eq!(client.get(&path(&id, "/metadata/b")).await.status, 404);
    fly.stop().await;
}

#[tokio::test]
async fn a_lease_keeps_others_out() {
    let (fly, client) = start(quick()).await;
    let id = created(&client, body("one")).await;
    wait_for(&client, &id, "started").await;
    assert_eq!(client.get(&path(&id, "/lease")).await.status, 404);
    let taken = client.post(&path(&id, "/lease"), json!({ "ttl": 60, "description": "mine" })).await;
    assert_eq!(taken.status, 201);
    assert_fly("Lease", &taken.body["data"]);
    let nonce = taken.body["nonce"].as_str().expect("a nonce");
    assert_eq!(client.post(&path(&id, "/lease"), json!({ "ttl": 60 })).await.status, 409);
    assert_eq!(client.post(&path(&id, "/stop"), json!({})).await.status, 409);
    assert_eq!(client.delete(&path(&id, "?force=true")).await.status, 409);
    let header = [("fly-machine-lease-nonce", nonce)];
    let prolonged = client.call(Method::POST, &path(&id, "/lease"), Some(json!({ "ttl": 90 })), &header).await;
    assert_eq!((prolonged.status, &prolonged.body["nonce"]), (201, &json!(nonce)));
    assert_eq!(client.call(Method::POST, &path(&id, "/stop"), None, &header).await.status, 200);
    assert_eq!(client.call(Method::DELETE, &path(&id, "/lease"), None, &header).await.status, 200);
    assert_eq!(client.post(&path(&id, "/cordon"), json!({})).await.status, 200);
    assert!(fly.machines()[0].cordoned);

    let mut leased = body("two");
    leased["lease_ttl"] = json!(60);
    let answer = client.post("/apps/app/machines", leased).await.body;
    assert_fly("Machine", &answer);
    let second = answer["id"].as_str().unwrap();
    assert_eq!(client.post(&path(second, "/cordon"), json!({})).await.status, 409);
    fly.stop().await;
}

#[tokio::test]
async fn commands_answer_200_and_an_exit_code() {
    let (fly, client) = start(quick()).await;
    let id = created(&client, body("one")).await;
    wait_for(&client, &id, "started").await;
    let exec = async |command: Value| client.post(&path(&id, "/exec"), json!({ "command": command })).await;
    let echoed = exec(json!(["echo", "hi"])).await;
    assert_fly("flydv1.ExecResponse", &echoed.body);
    assert_eq!((&echoed.body["exit_code"], &echoed.body["stdout"]), (&json!(0), &json!("hi\n")));
    let failed = exec(json!(["openclaw", "pairing", "approve"])).await;
    assert_eq!((failed.status, &failed.body["exit_code"]), (200, &json!(127)));
    fly.script(Script { contains: "pairing approve".into(), stdout: "approved".into(), ..Script::default() });
    assert_eq!(exec(json!(["openclaw", "pairing", "approve"])).await.body["stdout"], "approved");
    client.post(&path(&id, "/stop"), json!({})).await;
    wait_for(&client, &id, "stopped").await;
    assert_eq!(exec(json!(["true"])).await.status, 412);
    fly.stop().await;
}

#[tokio::test]
async fn death_and_crash_differ() {
    let (fly, client) = start(quick()).await;
    let id = created(&client, body("one")).await;
    wait_for(&client, &id, "started").await;
    fly.crash(&id);
    fly.machines_when(LONG, |all| all[0].state == MachineState::Started && all[0].events.len() >= 5)
        .await
        .expect("the restart policy starts it again");
    fly.kill(&id);
    let machine = fly.machines().remove(0);
    assert_eq!(machine.state, MachineState::Stopped);
    assert_eq!(machine.events.last().unwrap().exit_code, Some(137));

    let mut fragile = body("fragile");
    fragile["config"]["restart"] = json!({ "policy": "no" });
    let fragile = created(&client, fragile).await;
    wait_for(&client, &fragile, "started").await;
    let sandbox = Client::new(fly.base_url());
    assert_eq!(sandbox.post(&format!("/sandbox/machines/{fragile}/crash"), json!({})).await.status, 204);
    wait_for(&client, &fragile, "stopped").await;
    let gone = sandbox.post(&format!("/sandbox/machines/{fragile}/kill?as=destroyed"), json!({})).await;
    assert_eq!(gone.status, 204);
    wait_for(&client, &fragile, "destroyed").await;
    assert_eq!(sandbox.post("/sandbox/machines/unknown/kill", json!({})).await.status, 404);
    fly.stop().await;
}

#[tokio::test]
async fn the_sandbox_never_shows_values_of_the_environment() {
    let (fly, client) = start(quick()).await;
    let mut secret = body("one");
    secret["config"]["env"] = json!({ "API_KEY": "very-secret" });
    created(&client, secret).await;
    let shown = Client::new(fly.base_url()).get("/sandbox/machines").await.body;
    assert_eq!(shown[0]["env_keys"], json!(["API_KEY"]));
    assert!(!shown.to_string().contains("very-secret"));
    fly.stop().await;
}

#[tokio::test]
async fn apps_exist_by_use_or_by_creation() {
    let (fly, client) = start(quick()).await;
    assert_eq!(client.get("/apps/app").await.status, 404);
    created(&client, body("one")).await;
    let app = client.get("/apps/app").await.body;
    assert_fly("App", &app);
    assert_eq!(app["machine_count"], 1);
    let new = json!({ "name": "user-1", "org_slug": "team" });
    assert_eq!(client.post("/apps", new.clone()).await.status, 201);
    assert_eq!(client.post("/apps", new).await.status, 422);
    assert_eq!(client.post("/apps", json!({ "name": "No Good", "org_slug": "team" })).await.status, 400);
    let list = client.get("/apps?org_slug=team").await.body;
    assert_fly("ListAppsResponse", &list);
    assert_eq!(list["total_apps"], 2, "an app by use counts to every organization");
    assert_eq!(client.delete("/apps/app").await.status, 202);
    assert_eq!(client.get("/apps/app/machines").await.status, 404);
    assert_eq!(client.post("/apps/app/machines", body("one")).await.status, 404);
    fly.stop().await;

    let (fly, client) = start(FlyOptions { any_app: false, ..quick() }).await;
    assert_eq!(client.post("/apps/app/machines", body("one")).await.status, 404);
    fly.stop().await;
}
