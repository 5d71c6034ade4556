//! Workers as the processes of machines.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use clawstead_emulators::fly::MachineState;
use clawstead_emulators::{Bot, Fly, FlyOptions, MachineView, Telegram, TelegramOptions};
use common::LONG;
use common::http::Client;
use common::plane::Plane;
use serde_json::{Value, json};

const TOKEN: &str = "fly-token";

struct Stage {
    plane: Plane,
    telegram: Telegram,
    fly: Fly,
    client: Client,
}

impl Stage {
    async fn set() -> Stage {
        let telegram = Telegram::start(TelegramOptions::default()).await.expect("starts");
        telegram.add_bot(Bot { token: "42:token".into(), id: 42, username: "b".into(), first_name: "B".into() });
        let plane = Plane::start().await;
        plane.inside().bot_token = Some("42:token".into());
        let fly = Fly::start(FlyOptions {
            token: TOKEN.into(),
            start_delay: Duration::from_millis(1),
            stop_delay: Duration::from_millis(1),
            worker_env: BTreeMap::from([("TELEGRAM_API_URL".to_owned(), telegram.base_url())]),
            ..FlyOptions::default()
        })
        .await
        .expect("starts");
        let client = Client::new(format!("{}/v1", fly.base_url())).with_bearer(TOKEN);
        Stage { plane, telegram, fly, client }
    }

    async fn machine(&self, extra_env: &[(&str, &str)], extra_config: Value) -> String {
        let mut config = extra_config;
        config["image"] = json!("worker:v1");
        config["env"] = json!({
            "CONVEX_URL": self.plane.worker_url(),
            "WORKER_ID": "worker-1",
            "POLL_INTERVAL_MS": "5",
        });
        for (name, value) in extra_env {
            config["env"][name] = json!(value);
        }
        let body = json!({ "name": "worker-1", "region": "fra", "config": config });
        let created = self.client.post("/apps/app/machines", body).await;
        created.body["id"].as_str().expect("created").to_owned()
    }

    async fn until(&self, what: &str, enough: impl Fn(&MachineView) -> bool) -> MachineView {
        let found = self.fly.machines_when(LONG, |all| all.first().is_some_and(&enough)).await;
        found.unwrap_or_else(|| panic!("{what}: {:?}", self.fly.machines())).remove(0)
    }
}

#[tokio::test]
async fn a_started_machine_answers_messages() {
    let stage = Stage::set().await;
    stage.plane.enqueue("m1", 7, "hello");
    let id = stage.machine(&[], json!({})).await;
    let sent = stage.telegram.sent_when(LONG, |sent| !sent.is_empty()).await.expect("a reply");
    assert_eq!((sent[0].chat_id, sent[0].text.as_str()), (7, "echo: hello"));
    stage.plane.wait_for_calls("workerComplete", 1).await;
    stage.client.post(&format!("/apps/app/machines/{id}/stop"), json!({ "timeout": "30s" })).await;
    let machine = stage.until("stopped", |machine| machine.state == MachineState::Stopped).await;
    assert_eq!(machine.process, "exited: Signal");
    assert_eq!(machine.events.last().unwrap().exit_code, Some(0));
    assert_eq!(stage.plane.calls_of("workerFinalizeSnapshotUpload").len(), 1, "SIGTERM leaves time for a snapshot");
    stage.plane.assert_no_violations();
    stage.fly.stop().await;
}

#[tokio::test]
async fn a_worker_that_goes_idle_leaves_a_stopped_machine() {
    let stage = Stage::set().await;
    stage.machine(&[("WORKER_IDLE_TIMEOUT_MS", "10")], json!({ "restart": { "policy": "on-failure" } })).await;
    let machine = stage.until("stopped", |machine| machine.state == MachineState::Stopped).await;
    assert_eq!(machine.process, "exited: Idle");
    stage.fly.stop().await;
}

#[tokio::test]
async fn a_worker_that_fails_is_restarted_as_often_as_allowed() {
    let stage = Stage::set().await;
    let config = json!({ "restart": { "policy": "on-failure", "max_retries": 2 } });
    stage.machine(&[("ECHO_CRASH_AT", "started")], config).await;
    let machine = stage.until("stopped", |machine| machine.state == MachineState::Stopped).await;
    let exits = machine.events.iter().filter(|event| event.kind == "exit").count();
    assert_eq!(exits, 3, "the first run and two restarts");
    stage.fly.stop().await;
}

#[tokio::test]
async fn a_job_longer_than_the_kill_timeout_dies_with_its_machine() {
    let stage = Stage::set().await;
    stage.plane.enqueue("m1", 7, "slow");
    let config = json!({ "stop_config": { "timeout": "10ms" } });
    let id = stage.machine(&[("ECHO_WORK_MS", "600000")], config).await;
    stage.plane.wait_for_calls("workerHydrationBundle", 1).await;
    stage.client.post(&format!("/apps/app/machines/{id}/stop"), json!({})).await;
    let machine = stage.until("stopped", |machine| machine.state == MachineState::Stopped).await;
    assert_eq!((machine.process.as_str(), machine.events.last().unwrap().exit_code), ("killed", Some(137)));
    assert!(stage.telegram.sent().is_empty());
    assert!(stage.plane.calls_of("workerPrepareSnapshotUpload").is_empty());
    stage.fly.stop().await;
}

#[tokio::test]
async fn a_killed_machine_says_nothing_more() {
    let stage = Stage::set().await;
    stage.plane.enqueue("m1", 7, "slow");
    let id = stage.machine(&[("ECHO_WORK_MS", "600000"), ("HEARTBEAT_INTERVAL_MS", "1")], json!({})).await;
    stage.plane.wait_for_calls("workerHeartbeat", 1).await;
    stage.fly.kill(&id);
    assert_eq!(stage.fly.machines()[0].state, MachineState::Stopped);
    assert_silent(&stage.plane).await;
    stage.fly.stop().await;
}

#[tokio::test]
async fn workers_end_with_the_emulator() {
    let stage = Stage::set().await;
    stage.machine(&[], json!({})).await;
    stage.plane.wait_for_calls("workerClaim", 2).await;
    stage.fly.stop().await;
    assert_silent(&stage.plane).await;
}

/// Panics if calls still come, after those that were under way have arrived.
async fn assert_silent(plane: &Plane) {
    tokio::time::sleep(Duration::from_millis(200)).await;
    let calls = plane.inside().calls.len();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(plane.inside().calls.len(), calls);
}
