//! The whole way: an update comes in, a machine comes up, its worker answers, the reply is at Telegram.

use clawstead_tests::{
    App,
    emulators::fly::{MachineState, MachineView},
    eventually, seed, updates,
};
use serde_json::json;

const BJORN: i64 = 5_551_234_002;

fn running(machines: &[MachineView]) -> Vec<&MachineView> {
    machines.iter().filter(|machine| machine.state == MachineState::Started).collect()
}

#[tokio::test]
async fn an_update_becomes_a_reply() {
    let app = App::builder().paired().machines(1).start().await;
    assert_eq!(app.fly().machines().len(), 0, "no machine without a reason");

    app.write(seed::USER_ID, "hello").await;

    assert_eq!(app.replies(seed::USER_ID, 1).await, ["echo: hello"]);
    app.until_idle().await;
    assert_eq!(app.fly().machines().len(), 1);
    assert_eq!(app.events("MessageCompleted").await.len(), 1);
    for (event, count) in [("WorkerRequested", 1), ("VolumeCreated", 1), ("MachineCreated", 1), ("WorkerSeen", 1)] {
        assert_eq!(app.events(event).await.len(), count, "{event}");
    }
}

#[tokio::test]
async fn the_same_update_twice_is_answered_once() {
    let app = App::builder().paired().machines(1).start().await;
    let mut update = updates::text(seed::USER_ID, "only once");
    update["update_id"] = json!(871_230_001);

    for _ in 0..3 {
        app.telegram().deliver(seed::BOT_ID, update.clone()).await;
    }

    app.write(seed::USER_ID, "the end").await;
    app.until_idle().await;
    assert_eq!(app.replies(seed::USER_ID, 2).await, ["echo: only once", "echo: the end"]);
}

#[tokio::test]
async fn several_chats_are_answered_each_in_its_order() {
    let app = App::builder().paired().machines(2).start().await;
    app.pair("bjorn", BJORN).await;

    for number in 0..5 {
        for user in [seed::USER_ID, BJORN] {
            app.write(user, &format!("{user} says {number}")).await;
        }
    }

    app.until_idle().await;
    for user in [seed::USER_ID, BJORN] {
        let expected: Vec<String> = (0..5).map(|number| format!("echo: {user} says {number}")).collect();
        assert_eq!(app.replies(user, 5).await, expected);
    }
    assert!(running(&app.fly().machines()).len() <= 2);
}

#[tokio::test]
async fn a_worker_killed_in_the_middle_loses_its_lease_and_another_finishes() {
    let app = App::builder()
        .paired()
        .machines(2)
        .worker_env("ECHO_WORK_MS", "1500")
        .config("lease", json!({"lease_ms": 1000, "silent_after_ms": 3000}))
        .start()
        .await;
    app.write(seed::USER_ID, "finish this").await;
    eventually("the first claim", || async { (!app.events("MessageClaimed").await.is_empty()).then_some(()) }).await;

    let machines = app.fly().machines();
    let victim = running(&machines)[0].id.clone();
    app.fly().kill(&victim);

    assert_eq!(app.replies(seed::USER_ID, 1).await, ["echo: finish this"]);
    app.until_idle().await;
    assert_eq!(app.replies(seed::USER_ID, 1).await.len(), 1, "answered once");
    assert_eq!(app.events("LeaseLost").await.len(), 1);
    let claims = app.events("MessageClaimed").await;
    assert_eq!(claims.len(), 2);
    assert_ne!(claims[0]["data"]["worker_id"], claims[1]["data"]["worker_id"]);
}

#[tokio::test]
async fn without_a_machine_messages_wait_and_none_is_lost() {
    let app = App::builder().paired().ticking().start().await;
    for number in 0..3 {
        app.write(seed::USER_ID, &format!("message {number}")).await;
    }
    let stats = app.get("/v1/queue/stats").await.json;
    assert_eq!((&stats["queued_ready"], &stats["processing"]), (&json!(3), &json!(0)), "{stats}");

    seed::sandbox_provider(app.api()).await.expect("the provider is taken");
    seed::config(app.api(), "scaling", &json!({"machines_max": 1})).await.expect("the cap is taken");

    assert_eq!(app.replies(seed::USER_ID, 3).await, ["echo: message 0", "echo: message 1", "echo: message 2"]);
}
