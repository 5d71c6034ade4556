//! Machines come and go: work makes them, they hand in what they know, and nothing is left.

use clawstead_tests::{App, emulators::fly::MachineState, eventually, seed};
use serde_json::{Value, json};

const BJORN: i64 = 5_551_234_002;

fn scaling(idle_timeout_ms: i64) -> Value {
    json!({"machines_max": 2, "spawn_step": 2, "idle_timeout_ms": idle_timeout_ms, "salvage_ms": 1_000})
}

fn machines(app: &App) -> usize {
    app.fly().machines().iter().filter(|machine| machine.state != MachineState::Destroyed).count()
}

async fn until_nothing_is_left(app: &App) {
    eventually("machines and volumes to go", || async { (machines(app) + app.fly().volumes().len() == 0).then_some(()) }).await;
    eventually("all workers to stop", || async {
        let workers = app.get("/v1/workers").await.json;
        workers["workers"].as_array()?.iter().all(|worker| worker["state"] == "stopped").then_some(())
    })
    .await;
}

#[tokio::test]
async fn work_makes_machines_and_in_the_end_there_are_none_and_nothing_is_lost() {
    let app = App::builder().paired().machines(2).start().await;
    app.pair("bjorn", BJORN).await;
    for user in [seed::USER_ID, BJORN] {
        app.write(user, "one").await;
        app.write(user, "two").await;
    }
    for user in [seed::USER_ID, BJORN] {
        assert_eq!(app.replies(user, 2).await, ["echo: one", "echo: two"]);
    }
    assert_eq!(machines(&app), 2);

    app.put("/v1/config/scaling", &scaling(300)).await;
    until_nothing_is_left(&app).await;
    for event in ["DrainRequested", "SnapshotAccepted", "MachineGone", "VolumeGone", "WorkerStopped"] {
        assert_eq!(app.events(event).await.len(), 2, "{event}");
    }
    assert_eq!(app.events("DrainAbandoned").await.len(), 0);
    let (accepted, begun) = (app.events("SnapshotAccepted").await, app.events("TeardownStarted").await);
    for worker in &accepted {
        let torn_down = begun.iter().find(|other| other["stream"] == worker["stream"]).expect("it was taken down");
        assert!(worker["position"].as_i64() < torn_down["position"].as_i64(), "first what it knows, then the machine");
    }
}

#[tokio::test]
async fn d_3_a_machine_that_dies_before_it_hands_in_is_started_again_and_the_next_one_knows_it_all() {
    let app = App::builder().paired().machines(1).start().await;
    app.write(seed::USER_ID, "one").await;
    app.replies(seed::USER_ID, 1).await;
    app.until_idle().await;
    let machine = app.fly().machines()[0].id.clone();
    app.fly().kill(&machine);

    eventually("it to hand in", || async { (app.events("SnapshotAccepted").await.len() == 1).then_some(()) }).await;
    assert_eq!(app.events("MachineRestarted").await.len(), 1);
    app.write(seed::USER_ID, "two").await;
    assert_eq!(app.replies(seed::USER_ID, 2).await, ["echo: one", "echo: two"]);
    assert_eq!(app.events("SnapshotFetched").await.len(), 1);
    app.put("/v1/config/scaling", &scaling(300)).await;
    until_nothing_is_left(&app).await;
}

#[tokio::test]
async fn a_machine_that_can_never_hand_in_is_given_up_and_its_volume_is_kept_for_a_while() {
    let app = App::builder().paired().machines(1).worker_env("ECHO_CRASH_AT", "snapshot_prepared").start().await;
    app.write(seed::USER_ID, "one").await;
    app.replies(seed::USER_ID, 1).await;
    app.until_idle().await;
    let policy = json!({"machines_max": 1, "idle_timeout_ms": 300, "drain_deadline_ms": 3_000, "salvage_ms": 86_400_000});
    app.put("/v1/config/scaling", &policy).await;

    eventually("the machine to go", || async { (machines(&app) == 0).then_some(()) }).await;
    assert_eq!((app.events("DrainAbandoned").await.len(), app.events("VolumeSnapshotTaken").await.len()), (1, 1));
    assert_eq!(app.fly().volumes().len(), 1);
    let workers = app.get("/v1/workers").await.json;
    assert!(workers["workers"][0]["volume_keep_until"].is_i64(), "the operator sees it: {workers}");
}
