use std::time::Duration;

use clawstead_fly::{CreateVolume, ListMachines, Outcome, Signal, StopMachine, Wait, WaitState, Waited, volume_name};
use clawstead_transport::{Matcher, ScriptedTransport, TotalTimeout};
use futures::executor::block_on;
use http::Request;
use serde_json::{Value, json};

use super::{TOKEN, checker, create_machine, machines};

pub(crate) fn answering(body: &str) -> ScriptedTransport {
    ScriptedTransport::new().answer(Matcher::any(), 200, body)
}

/// The only request, checked against the schema, and as `METHOD /path?query`.
pub(crate) fn checked(transport: &ScriptedTransport) -> (Request<Vec<u8>>, String) {
    let requests = transport.requests();
    let [request] = requests.as_slice() else {
        panic!("exactly one request");
    };
    checker::check(request);
    assert_eq!(request.headers()["authorization"], format!("Bearer {TOKEN}"));
    assert_eq!(request.headers().contains_key("content-type"), !request.body().is_empty());
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    let line = format!("{} {target}", request.method());
    (request.clone(), line.replace("/v1/apps/claw-workers", ""))
}

pub(crate) fn line(transport: &ScriptedTransport) -> String {
    checked(transport).1
}

pub(crate) fn body(transport: &ScriptedTransport) -> Value {
    serde_json::from_slice(checked(transport).0.body()).expect("the body is JSON")
}

#[test]
fn machines_are_listed_with_and_without_the_tag() {
    let transport = answering("[]");
    assert_eq!(block_on(machines(&transport).list_machines(&ListMachines::default())), Outcome::Done(vec![]));
    assert_eq!(line(&transport), "GET /machines");

    let transport = answering("[]");
    let which = ListMachines { deployment: Some("prod eu".to_owned()), include_deleted: true };
    assert_eq!(block_on(machines(&transport).list_machines(&which)), Outcome::Done(vec![]));
    assert_eq!(line(&transport), "GET /machines?metadata.clawstead_deployment=prod%20eu&include_deleted=true");
}

#[test]
fn f11_a_machine_is_created_with_everything_said() {
    let transport = answering(r#"{"id": "m1", "name": "worker-1", "state": "created", "region": "ams"}"#);
    let made = block_on(machines(&transport).create_machine(&create_machine())).done().expect("scripted");
    assert_eq!(made.id, "m1");
    assert_eq!(line(&transport), "POST /machines");

    let body = body(&transport);
    assert_eq!(body["name"], "worker-1");
    let tags = json!({"clawstead_deployment": "prod", "clawstead_log": "log-1", "clawstead_worker": "worker-1", "clawstead_volume": "vol_1"});
    assert_eq!(body["config"]["metadata"], tags);
    assert_eq!(body["config"]["restart"], json!({"policy": "on-failure", "max_retries": 3}));
    assert_eq!(body["config"]["stop_config"], json!({"signal": "SIGTERM", "timeout": "300s"}));
    assert_eq!(body["config"]["auto_destroy"], false);
    assert_eq!(body["config"]["env"]["LOG"], "info");
}

#[test]
fn a_machine_is_read_stopped_cordoned_and_deleted() {
    let transport = answering(r#"{"id": "m1"}"#);
    assert!(block_on(machines(&transport).get_machine("m1")).done().is_some());
    assert_eq!(line(&transport), "GET /machines/m1");

    let transport = answering("");
    let how = StopMachine { signal: Some(Signal::Sigterm), timeout_seconds: Some(30) };
    assert_eq!(block_on(machines(&transport).stop_machine("m1", how)), Outcome::Done(()));
    assert_eq!(line(&transport), "POST /machines/m1/stop");
    assert_eq!(body(&transport), json!({"signal": "SIGTERM", "timeout": "30s"}));

    let transport = answering("");
    assert_eq!(block_on(machines(&transport).cordon_machine("m1")), Outcome::Done(()));
    assert_eq!(line(&transport), "POST /machines/m1/cordon");

    for (force, expected) in [(false, "DELETE /machines/m1"), (true, "DELETE /machines/m1?force=true")] {
        let transport = answering("");
        assert_eq!(block_on(machines(&transport).delete_machine("m1", force)), Outcome::Done(()));
        assert_eq!(line(&transport), expected);
    }
}

#[test]
fn waiting_gives_the_network_more_time_than_fly() {
    let wait = Wait { state: WaitState::Stopped, instance_id: Some("01H".to_owned()), timeout_seconds: 15 };
    let transport = answering(r#"{"ok": true, "state": "stopped"}"#);
    assert_eq!(block_on(machines(&transport).wait("m1", &wait)), Outcome::Done(Waited::Reached));
    let (request, line) = checked(&transport);
    assert_eq!(line, "GET /machines/m1/wait?state=stopped&instance_id=01H&timeout=15");
    assert_eq!(request.extensions().get(), Some(&TotalTimeout(Duration::from_secs(20))));
}

#[test]
fn every_state_that_can_be_waited_for_is_in_the_schema() {
    use WaitState::{Destroyed, Failed, Settled, Started, Stopped, Suspended};
    for state in [Destroyed, Failed, Settled, Started, Stopped, Suspended] {
        let transport = answering(r#"{"ok": true}"#);
        let wait = Wait { state, instance_id: None, timeout_seconds: 600 };
        assert_eq!(block_on(machines(&transport).wait("m1", &wait)), Outcome::Done(Waited::Reached));
        assert!(line(&transport).ends_with("timeout=60"));
    }
}

#[test]
fn a_volume_is_listed_created_read_and_deleted() {
    let transport = answering("[]");
    assert_eq!(block_on(machines(&transport).list_volumes()), Outcome::Done(vec![]));
    assert_eq!(line(&transport), "GET /volumes");

    let transport = answering(r#"{"id": "vol_1"}"#);
    let volume = CreateVolume {
        name: volume_name("prod", "worker-1"),
        region: "ams".to_owned(),
        size_gb: 3,
        encrypted: true,
        snapshot_retention: 5,
    };
    assert!(block_on(machines(&transport).create_volume(&volume)).done().is_some());
    assert_eq!(line(&transport), "POST /volumes");
    assert_eq!(body(&transport)["size_gb"], 3);

    let transport = answering(r#"{"id": "vol_1", "attached_machine_id": null}"#);
    assert!(block_on(machines(&transport).get_volume("vol_1")).done().is_some());
    assert_eq!(line(&transport), "GET /volumes/vol_1");

    let transport = answering(r#"{"id": "vol_1", "state": "pending_destroy"}"#);
    assert_eq!(block_on(machines(&transport).delete_volume("vol_1")), Outcome::Done(()));
    assert_eq!(line(&transport), "DELETE /volumes/vol_1");
}
