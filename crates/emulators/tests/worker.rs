//! The echo worker against a stand-in control plane.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use clawstead_emulators::worker::Stop;
use clawstead_emulators::{Bot, Engine, Exit, Fault, Shutdown, Step, Telegram, TelegramOptions, Worker};
use common::plane::Plane;
use common::{LONG, sample};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

const BOT: i64 = 42;
const CHAT: i64 = 7;

/// A plane, a Telegram, and the environment of a worker between them.
struct Stage {
    plane: Plane,
    telegram: Telegram,
    env: BTreeMap<String, String>,
}

impl Stage {
    async fn set() -> Stage {
        let telegram = Telegram::start(TelegramOptions::default()).await.expect("starts");
        telegram.add_bot(Bot { token: "42:token".into(), id: BOT, username: "bot".into(), first_name: "Bot".into() });
        let plane = Plane::start().await;
        plane.inside().bot_token = Some("42:token".into());
        let env = [
            ("CONVEX_URL", plane.worker_url()),
            ("WORKER_ID", "worker-1".to_owned()),
            ("WORKSPACE_ID", "default".to_owned()),
            ("POLL_INTERVAL_MS", "5".to_owned()),
            ("HEARTBEAT_INTERVAL_MS", "5".to_owned()),
            ("AGENT_FACTORY_FUNCTION_NAMESPACE", "example".to_owned()),
            ("TELEGRAM_API_URL", telegram.base_url()),
        ];
        let env = env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Stage { plane, telegram, env }
    }

    fn with(mut self, name: &str, value: &str) -> Stage {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    fn worker(&self) -> Worker {
        Worker::new(self.env.clone(), Engine::echo()).error_wait_ms(5)
    }

    fn texts(&self) -> Vec<String> {
        self.telegram.sent().into_iter().map(|sent| sent.text).collect()
    }
}

fn spawn(worker: Worker) -> (Stop, JoinHandle<Exit>) {
    let (stop, shutdown) = Shutdown::pair();
    (stop, tokio::spawn(worker.run(shutdown)))
}

async fn end(running: JoinHandle<Exit>) -> Exit {
    tokio::time::timeout(LONG, running).await.expect("it ends").expect("no panic")
}

#[tokio::test]
async fn a_job_is_done_in_the_order_of_the_existing_worker() {
    let stage = Stage::set().await;
    stage.plane.enqueue("m1", CHAT, "hello");
    let (stop, running) = spawn(stage.worker());
    stage.plane.wait_for_calls("workerComplete", 1).await;
    stop.now();
    assert_eq!(end(running).await, Exit::Signal);

    assert_eq!(stage.texts(), ["echo: hello"]);
    let sequence: Vec<String> = stage.plane.sequence().into_iter().filter(|name| name != "workerHeartbeat").collect();
    assert_eq!(
        sequence,
        [
            "workerHydrationBundle",
            "workerAppendConversationMessages",
            "workerComplete",
            "workerPrepareSnapshotUpload",
            "workerFinalizeSnapshotUpload",
        ]
    );
    let appended = stage.plane.calls_of("workerAppendConversationMessages").remove(0);
    let messages = &appended["messages"];
    assert_eq!((&messages[0]["role"], &messages[0]["content"]), (&json!("user"), &json!("hello")));
    assert_eq!((&messages[1]["role"], &messages[1]["content"]), (&json!("assistant"), &json!("echo: hello")));
    assert_eq!(messages[1]["at"].as_i64().unwrap() - messages[0]["at"].as_i64().unwrap(), 1);
    let complete = stage.plane.calls_of("workerComplete").remove(0);
    assert_eq!(complete, json!({ "workerId": "worker-1", "messageId": "m1", "leaseId": "lease-m1" }));
    let claims = stage.plane.calls_of("workerClaim");
    assert_eq!(claims[0], json!({ "workerId": "worker-1" }));
    stage.plane.assert_no_violations();
}

#[tokio::test]
async fn awkward_texts_are_sent() {
    let stage = Stage::set().await;
    let longest = sample("18-longest-text")["message"]["text"].as_str().unwrap().to_owned();
    stage.plane.enqueue("m1", CHAT, "a<b & c>d");
    stage.plane.enqueue("m2", CHAT, &longest);
    stage.plane.enqueue("m3", CHAT, &"🦞".repeat(2_048));
    let (_stop, running) = spawn(stage.worker());
    stage.plane.wait_for_calls("workerComplete", 3).await;
    running.abort();
    let texts = stage.texts();
    assert_eq!(texts[0], "echo: a<b & c>d");
    assert_eq!(texts[1].encode_utf16().count(), 4_096);
    assert_eq!(texts[2].encode_utf16().count(), 4_096);
    assert!(texts[2].ends_with('🦞'));
    assert_eq!(stage.plane.calls_of("workerFail"), Vec::<Value>::new());
}

#[tokio::test]
async fn heartbeats_go_on_while_it_works() {
    let stage = Stage::set().await;
    stage.plane.enqueue("m1", CHAT, "slow");
    let (stop, running) = spawn(stage.worker().work_ms(60_000));
    stage.plane.wait_for_calls("workerHeartbeat", 3).await;
    let beat = stage.plane.calls_of("workerHeartbeat").remove(0);
    assert_eq!(beat, json!({ "workerId": "worker-1", "messageId": "m1", "leaseId": "lease-m1" }));
    stop.now();
    tokio::task::yield_now().await;
    assert!(!running.is_finished(), "a stop waits for the job");
    running.abort();
    stage.plane.assert_no_violations();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_lets_the_job_finish() {
    let stage = Stage::set().await;
    stage.plane.enqueue("m1", CHAT, "first");
    stage.plane.enqueue("m2", CHAT, "second");
    let (release, released) = mpsc::channel();
    let released = Mutex::new(released);
    let engine = Engine::of(move |task| {
        released.lock().unwrap().recv().unwrap();
        Ok(task.text.clone())
    });
    let (stop, running) = spawn(Worker::new(stage.env.clone(), engine));
    stage.plane.wait_for_calls("workerHydrationBundle", 1).await;
    stop.now();
    release.send(()).unwrap();
    assert_eq!(end(running).await, Exit::Signal);
    assert_eq!(stage.texts(), ["first"]);
    assert_eq!(stage.plane.inside().jobs.len(), 1, "the second one was not claimed");
    assert_eq!(stage.plane.calls_of("workerPrepareSnapshotUpload")[0]["reason"], "signal");
}

#[tokio::test]
async fn it_vanishes_at_each_step() {
    let steps = [
        (Step::Claimed, "workerClaim", 0),
        (Step::Hydrated, "workerHydrationBundle", 0),
        (Step::Worked, "workerHydrationBundle", 0),
        (Step::Appended, "workerAppendConversationMessages", 0),
        (Step::Sent, "workerAppendConversationMessages", 1),
        (Step::Completed, "workerComplete", 1),
    ];
    for (step, last_call, sent) in steps {
        let mut stage = Stage::set().await;
        stage.env.insert("HEARTBEAT_INTERVAL_MS".into(), "60000".into());
        stage.plane.enqueue("m1", CHAT, "x");
        let (_stop, running) = spawn(stage.worker().crash_at(step));
        assert_eq!(end(running).await, Exit::Vanished(step));
        let calls = stage.plane.inside().calls.clone();
        assert_eq!(calls.last().unwrap().0, last_call, "{step:?}");
        assert_eq!(stage.telegram.sent().len(), sent, "{step:?}");
        stage.telegram.stop().await;
    }
}

#[tokio::test]
async fn an_error_fails_the_job() {
    let stage = Stage::set().await;
    stage.telegram.fault(Fault { status: Some(400), message: Some("Bad Request: no".into()), ..Fault::default() });
    stage.plane.enqueue("m1", CHAT, "not sent");
    stage.plane.enqueue("m2", CHAT, "append refused");
    stage.plane.enqueue("m3", CHAT, "fine");
    stage.plane.answer_instead("workerAppendConversationMessages", Ok(json!({ "updated": true })));
    stage.plane.answer_instead("workerAppendConversationMessages", Err("lease lost"));
    let (_stop, running) = spawn(stage.worker());
    stage.plane.wait_for_calls("workerComplete", 1).await;
    running.abort();
    let fails = stage.plane.calls_of("workerFail");
    assert!(fails[0]["errorMessage"].as_str().unwrap().contains("Bad Request: no"));
    assert!(fails[1]["errorMessage"].as_str().unwrap().contains("lease lost"));
    assert_eq!(fails.len(), 2);
    assert_eq!(stage.texts(), ["echo: fine"], "a refused append stops the reply");
    stage.plane.assert_no_violations();
}

#[tokio::test]
async fn an_engine_can_fail() {
    let stage = Stage::set().await;
    stage.plane.enqueue("m1", CHAT, "x");
    let engine = Engine::of(|task| Err(format!("no model for {}", task.text)));
    let (_stop, running) = spawn(Worker::new(stage.env.clone(), engine));
    stage.plane.wait_for_calls("workerFail", 1).await;
    running.abort();
    assert_eq!(stage.plane.calls_of("workerFail")[0]["errorMessage"], "no model for x");
}

#[tokio::test]
async fn a_job_it_cannot_hydrate_is_lost_silently() {
    let stage = Stage::set().await;
    stage.plane.enqueue("m1", CHAT, "null");
    stage.plane.enqueue("m2", CHAT, "refused");
    stage.plane.enqueue("m3", CHAT, "rows without a role");
    stage.plane.enqueue("m4", CHAT, "fine");
    let without_role = json!({ "conversationState": { "contextHistory": [{ "content": "x" }] } });
    stage.plane.answer_instead("workerHydrationBundle", Ok(Value::Null));
    stage.plane.answer_instead("workerHydrationBundle", Err("no live lease"));
    stage.plane.answer_instead("workerHydrationBundle", Ok(without_role));
    let (_stop, running) = spawn(stage.worker());
    stage.plane.wait_for_calls("workerComplete", 1).await;
    running.abort();
    assert_eq!(stage.plane.calls_of("workerComplete")[0]["messageId"], "m4");
    assert_eq!(stage.plane.calls_of("workerFail"), Vec::<Value>::new());
}

#[tokio::test]
async fn it_sticks_to_its_conversation() {
    let stage = Stage::set().await;
    stage.plane.enqueue("m1", CHAT, "mine");
    let (_stop, running) = spawn(stage.worker());
    stage.plane.wait_for_calls("workerComplete", 1).await;
    let foreign = json!({
        "messageId": "m2",
        "conversationId": "conversation-2",
        "agentKey": "agent-1",
        "leaseId": "l2",
        "leaseExpiresAt": 0,
        "payload": {},
    });
    stage.plane.inside().jobs.push_back(foreign);
    stage.plane.wait_until("the foreign job is claimed", |inside| inside.jobs.is_empty()).await;
    stage.plane.enqueue("m3", CHAT, "mine again");
    stage.plane.wait_for_calls("workerComplete", 2).await;
    stage.plane.wait_for_calls("workerConversationHasQueued", 1).await;
    running.abort();
    assert_eq!(stage.plane.calls_of("workerHydrationBundle").len(), 2);
    let last_claim = stage.plane.calls_of("workerClaim").pop().unwrap();
    assert_eq!(last_claim["conversationId"], "conversation-1");
}

#[tokio::test]
async fn idle_means_a_snapshot_and_exit_zero() {
    let stage = Stage::set().await.with("WORKER_IDLE_TIMEOUT_MS", "20");
    let (_stop, running) = spawn(stage.worker());
    let exit = end(running).await;
    assert_eq!((exit.clone(), exit.code()), (Exit::Idle, 0));
    let prepare = stage.plane.calls_of("workerPrepareSnapshotUpload").remove(0);
    let expected = json!({ "workerId": "worker-1", "workspaceId": "default", "agentKey": "default", "reason": "manual" });
    assert_eq!(prepare, expected, "a worker without a conversation leaves it out");
    stage.plane.assert_no_violations();
}

#[tokio::test]
async fn the_control_plane_can_end_it() {
    let stage = Stage::set().await;
    stage.plane.inside().should_stop = true;
    stage.plane.inside().snapshots_refused = true;
    stage.plane.enqueue("m1", CHAT, "not claimed");
    let (_stop, running) = spawn(stage.worker());
    assert_eq!(end(running).await, Exit::ToldToStop);
    assert_eq!(stage.plane.calls_of("workerClaim"), Vec::<Value>::new());
    assert_eq!(stage.plane.calls_of("workerFinalizeSnapshotUpload"), Vec::<Value>::new());
    assert_eq!(stage.plane.calls_of("workerPrepareSnapshotUpload").len(), 1, "a refusal is survived");
}

#[tokio::test]
async fn a_worker_that_is_cut_off_keeps_asking() {
    let stage = Stage::set().await.with("WORKER_IDLE_TIMEOUT_MS", "1");
    for _ in 0..3 {
        stage.plane.answer_instead("workerControlState", Err("unknown token"));
    }
    let (_stop, running) = spawn(stage.worker());
    stage.plane.wait_for_calls("workerControlState", 4).await;
    assert_eq!(end(running).await, Exit::Idle, "it gets to its idle check only when it is let in");
}

#[tokio::test]
async fn a_snapshot_is_restored_by_the_next_worker() {
    let stage = Stage::set().await.with("OPENCLAW_AGENT_KEY", "agent-1").with("OPENCLAW_CONVERSATION_ID", "conversation-1");
    stage.plane.enqueue("m1", CHAT, "x");
    let (stop, running) = spawn(stage.worker());
    stage.plane.wait_for_calls("workerComplete", 1).await;
    stop.now();
    end(running).await;
    let finalize = stage.plane.calls_of("workerFinalizeSnapshotUpload").remove(0);
    let (content_type, archive) = stage.plane.inside().uploads[0].clone();
    assert_eq!(content_type, "application/gzip");
    assert_eq!(finalize["sizeBytes"], archive.len());

    let name = finalize["storageId"].as_str().unwrap().to_owned();
    let sha256 = finalize["sha256"].as_str().unwrap().to_owned();
    stage.plane.inside().latest = Some((name.clone(), sha256));
    let (stop, running) = spawn(stage.worker());
    stage.plane.wait_for_calls("workerClaim", 3).await;
    stop.now();
    end(running).await;
    assert_eq!(stage.plane.inside().uploads[1].1, archive, "it has what the first one left");

    stage.plane.inside().latest = Some((name, "0".repeat(64)));
    let claims = stage.plane.calls_of("workerClaim").len();
    let (stop, running) = spawn(stage.worker());
    stage.plane.wait_for_calls("workerClaim", claims + 1).await;
    stop.now();
    end(running).await;
    assert_ne!(stage.plane.inside().uploads[2].1, archive, "a wrong checksum means starting empty");
    stage.plane.assert_no_violations();
}

#[tokio::test]
async fn a_failed_upload_is_reported() {
    let stage = Stage::set().await.with("WORKER_IDLE_TIMEOUT_MS", "1");
    let nowhere = json!({ "snapshotId": "snapshot-1", "uploadUrl": format!("{}/nowhere", stage.plane.base()) });
    stage.plane.answer_instead("workerPrepareSnapshotUpload", Ok(nowhere));
    let (_stop, running) = spawn(stage.worker());
    assert_eq!(end(running).await, Exit::Idle);
    let failed = stage.plane.calls_of("workerFailSnapshotUpload").remove(0);
    assert_eq!(failed["snapshotId"], "snapshot-1");
    assert!(failed["error"].as_str().unwrap().contains("404"));
}

#[tokio::test]
async fn jobs_of_other_providers_complete_silently_with_a_token_and_fail_without() {
    let stage = Stage::set().await;
    let payload = json!({ "provider": "api", "providerUserId": "u1", "messageText": "x" });
    stage.plane.enqueue_payload("m1", &payload);
    let (_stop, running) = spawn(stage.worker());
    stage.plane.wait_for_calls("workerComplete", 1).await;
    stage.plane.inside().bot_token = None;
    stage.plane.enqueue_payload("m2", &payload);
    stage.plane.wait_for_calls("workerFail", 1).await;
    running.abort();
    assert_eq!(stage.texts(), Vec::<String>::new());
}

#[tokio::test]
async fn stored_attachments_are_downloaded() {
    let stage = Stage::set().await;
    let url = format!("{}/files/photo", stage.plane.base());
    let gone = format!("{}/files/gone", stage.plane.base());
    {
        let mut inside = stage.plane.inside();
        inside.files.insert("photo".into(), vec![1, 2, 3]);
        inside.attachments = vec![
            json!({ "kind": "photo", "status": "ready", "downloadUrl": url }),
            json!({ "kind": "photo", "status": "expired", "downloadUrl": gone }),
        ];
    }
    stage.plane.enqueue("m1", CHAT, "look");
    let (_stop, running) = spawn(stage.worker());
    stage.plane.wait_for_calls("workerComplete", 1).await;
    running.abort();
    let appended = stage.plane.calls_of("workerAppendConversationMessages").remove(0);
    assert_eq!(appended["messages"][0]["content"], format!("look\n[photo, 3 bytes] {url}"));
}

#[tokio::test]
async fn loose_media_is_stored() {
    let stage = Stage::set().await;
    let file_id = stage.telegram.add_file("a.oga", b"noise".to_vec());
    let payload = json!({
        "provider": "telegram",
        "providerUserId": CHAT.to_string(),
        "messageText": "listen",
        "metadata": { "telegramVoiceFileId": file_id, "telegramChatId": CHAT.to_string() },
    });
    stage.plane.enqueue_payload("m1", &payload);
    let (_stop, running) = spawn(stage.worker());
    stage.plane.wait_for_calls("workerComplete", 1).await;
    running.abort();
    assert_eq!(stage.plane.inside().uploads[0], ("audio/ogg".to_owned(), b"noise".to_vec()));
    let attached = stage.plane.calls_of("workerAttachMessageMetadata").remove(0);
    assert_eq!(attached, json!({ "messageId": "m1", "metadata": { "telegramVoiceStorageId": "storage-1" } }));
    stage.plane.assert_no_violations();
}

#[tokio::test]
async fn skills_are_checked_before_it_starts() {
    let good = manifest();
    let mut wrong = good.clone();
    wrong["skills"][0]["files"][0]["content"] = json!("changed");
    for (manifest, required, starts) in
        [(Some(good), "true", true), (Some(wrong.clone()), "true", false), (Some(wrong), "false", true), (None, "true", false)]
    {
        let stage = Stage::set()
            .await
            .with("SKILLS_BOOTSTRAP_MODE", "db_manifest")
            .with("SKILLS_BOOTSTRAP_REQUIRED", required)
            .with("WORKER_IDLE_TIMEOUT_MS", "1");
        stage.plane.inside().manifest = manifest;
        let (_stop, running) = spawn(stage.worker());
        let exit = end(running).await;
        assert_eq!(exit == Exit::Idle, starts, "{exit:?}");
        assert_eq!(exit.code() == 0, starts);
        stage.plane.assert_no_violations();
    }
}

fn manifest() -> Value {
    let file = |path: &str| {
        // The SHA-256 of the empty text.
        let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        json!({ "path": path, "content": "", "sha256": digest })
    };
    json!({
        "layoutVersion": 1,
        "manifestVersion": "1",
        "generatedAt": 1,
        "releaseChannel": "stable",
        "skills": [{
            "slug": "weather",
            "moduleFormat": "esm",
            "files": [file("SKILL.md"), file("scripts/index.mjs"), file(".af-global-skill.json")],
        }],
    })
}

#[tokio::test]
async fn half_an_assignment_is_no_start() {
    let stage = Stage::set().await.with("OPENCLAW_AGENT_KEY", "agent-1");
    let (_stop, running) = spawn(stage.worker());
    let exit = end(running).await;
    assert_eq!(exit.code(), 1, "{exit:?}");
    let stage = Stage::set().await.with("CONVEX_URL", "");
    assert_eq!(end(spawn(stage.worker()).1).await.code(), 1);
}

#[tokio::test]
async fn error_wait_is_at_least_five_seconds_by_default() {
    let stage = Stage::set().await;
    stage.plane.answer_instead("workerControlState", Err("once"));
    let (stop, running) = spawn(Worker::new(stage.env.clone(), Engine::echo()));
    stage.plane.wait_for_calls("workerControlState", 1).await;
    let second = stage.plane.wait_for_calls("workerControlState", 2);
    let too_early = tokio::time::timeout(Duration::from_millis(200), second).await.is_ok();
    assert!(!too_early, "it waits");
    stop.now();
    assert_eq!(end(running).await, Exit::Signal, "a stop ends the wait");
}
