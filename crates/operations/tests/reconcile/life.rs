//! The whole life of a worker.

use clawstead_domain::agent::Configure;
use clawstead_operations::{agents, secrets, workers};
use futures::executor::block_on;

use crate::world::World;

#[test]
fn work_makes_a_machine_and_idleness_removes_it() {
    let world = World::new(1);
    assert_eq!(world.tick_well(), 0);
    world.enqueue("c1");
    assert_eq!(world.tick_well(), 1);
    assert_eq!(world.worker_events(), ["WorkerRequested", "VolumeCreated", "MachineCreated"]);
    world.programs_run();
    assert_eq!(world.done(), 1);
    for _ in 0..14 {
        world.tick_well();
        world.programs_run();
    }
    let end =
        ["WorkerSeen", "DrainRequested", "SnapshotAccepted", "TeardownStarted", "MachineGone", "VolumeGone", "WorkerStopped"];
    assert_eq!(world.worker_events()[3..], end);
    assert!(world.is_empty());
    let calls = world.fly.calls.borrow();
    let changes: Vec<_> = calls.iter().filter(|call| !call.starts_with("GET")).map(String::as_str).collect();
    let before_the_volume_is_free = changes.iter().filter(|call| **call == "DELETE /volumes/vol_1").count();
    assert!((2..5).contains(&before_the_volume_is_free), "412 is later, not never: {changes:?}");
    assert_eq!(changes[..3], ["POST /volumes", "POST /machines", "DELETE /machines/m1"]);
}

/// W-57: the URL that the worker is to call is what it is given, and comes from nowhere else.
#[test]
fn a_machine_is_what_existing_worker_images_expect() {
    let world = World::new(1);
    world.enqueue("c1");
    world.tick_well();
    let machines = world.fly.machines.borrow();
    let machine = &machines[0];
    let env = &machine.config["env"];
    let token = env["CONVEX_URL"].as_str().unwrap().strip_prefix("https://claw.test/worker/").unwrap();
    let worker = world.with_cx(|cx| block_on(workers::by_token(cx, token))).unwrap().expect("its token is good");
    assert_eq!(worker.worker_id, machine.name);
    assert_eq!(env["WORKER_ID"], machine.name);
    assert_eq!((env["OPENCLAW_AGENT_KEY"].as_str(), env["OPENCLAW_CONVERSATION_ID"].as_str()), (Some("a"), Some("c1")));
    assert_eq!(env["WORKER_IDLE_TIMEOUT_MS"], "60000");
    let metadata = &machine.config["metadata"];
    assert_eq!(metadata["clawstead_deployment"], "test");
    assert_eq!(metadata["clawstead_worker"], machine.name);
    assert_eq!(metadata["clawstead_volume"], machine.config["mounts"][0]["volume"]);
    assert_eq!(machine.config["restart"]["policy"], "on-failure");
    assert_eq!(machine.config["stop_config"]["timeout"], "300s");
    assert_eq!(machine.config["auto_destroy"], false);
    let holds_it = format!("SELECT count(*) AS n FROM events WHERE data LIKE '%{token}%' OR meta LIKE '%{token}%'");
    assert_eq!(world.count(&holds_it), 0, "the log has the hash only");
}

#[test]
fn w34_and_w56_a_machine_gets_the_bridge_of_its_agent_by_the_rule_of_hydration() {
    let world = World::new(1);
    for (secret_ref, value) in [
        ("agent-bridge.serviceKey", "global"),
        ("agent-bridge.serviceKey.a", "of a"),
        ("agent-bridge.serviceId", "global id"),
        ("agent-bridge.serviceKey.b", "of b"),
    ] {
        world.with_cx(|cx| block_on(secrets::import(cx, world.outside().keys, secret_ref, value))).unwrap();
    }
    let bridge = serde_json::from_str(r#"{"enabled": true, "service_id": "profile id"}"#).unwrap();
    let change = Configure { bridge: Some(Some(bridge)), ..Configure::default() };
    world.with_cx(|cx| block_on(agents::configure(cx, "a", &change))).unwrap();
    world.enqueue("c1");
    world.tick_well();
    let machines = world.fly.machines.borrow();
    let env = &machines[0].config["env"];
    assert_eq!((env["OPENCLAW_SERVICE_KEY"].as_str(), env["OPENCLAW_SERVICE_ID"].as_str()), (Some("of a"), Some("profile id")));
    assert!(!machines[0].config.to_string().contains("of b"));
}

#[test]
fn a_worker_that_comes_back_to_a_conversation_is_not_doubled() {
    let world = World::new(5);
    world.enqueue("c1");
    world.tick_well();
    world.programs_run();
    for _ in 0..3 {
        world.enqueue("c1");
        world.tick_well();
        world.programs_run();
    }
    assert_eq!(world.done(), 4);
    assert_eq!(world.fly.machines_made.get(), 1);
}

#[test]
fn a_machine_whose_program_never_calls_is_replaced() {
    let world = World::new(1);
    world.enqueue("c1");
    world.tick_well();
    world.dead.borrow_mut().push("m1".to_owned());
    for _ in 0..80 {
        world.tick_well();
        world.programs_run();
    }
    assert_eq!(world.done(), 1);
    assert_eq!(world.fly.machines_made.get(), 2);
    assert!(world.fly.calls.borrow().contains(&"POST /machines/m1/stop".to_owned()));
}

#[test]
fn s_6_a_worker_that_hangs_with_a_message_loses_both() {
    let world = World::new(2);
    world.hangs.set(true);
    world.enqueue("c1");
    world.tick_well();
    world.programs_run();
    assert_eq!(world.count("SELECT count(*) AS n FROM leases"), 1);
    world.hangs.set(false);
    for _ in 0..80 {
        world.tick_well();
        world.programs_run();
    }
    assert_eq!(world.done(), 1);
    assert_eq!(world.fly.machines_made.get(), 2);
    assert_eq!(world.fly.machines.borrow().len(), 0);
    let kept: Vec<_> = world.fly.volumes.borrow().iter().map(|volume| volume.id.clone()).collect();
    assert_eq!(kept, ["vol_1"], "what the first one knew");
}
