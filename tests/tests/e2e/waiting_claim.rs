//! Claims that wait: a request is held until there is work.

use std::collections::BTreeSet;
use std::time::Duration;

use clawstead_tests::{Answer, App, TestWorker, assert_problem, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Asks for work, waiting for it at most so many seconds.
async fn wait_for_work(worker: &TestWorker, seconds: u32) -> Answer {
    worker.api.get(&format!("/v1/claim?wait={seconds}")).await.expect("clawstead answers")
}

/// Waits until so many workers have been heard of, which is when their requests have arrived.
async fn until_seen(app: &App, count: usize) {
    eventually("the workers' requests", || async { (app.events("WorkerSeen").await.len() == count).then_some(()) }).await;
}

#[tokio::test]
async fn a_message_that_comes_is_handed_to_the_worker_that_waits() {
    let app = App::start().await;
    let worker = app.worker().await;
    let waiting = tokio::spawn({
        let worker = worker.clone();
        async move { wait_for_work(&worker, 25).await }
    });
    until_seen(&app, 1).await;
    assert!(!waiting.is_finished(), "there is nothing yet");

    let message_id = app.enqueue("chat", "hi").await;

    let job = waiting.await.expect("no panic");
    assert_eq!(job.status, 200, "{}", job.text);
    assert_eq!(job.json["message_id"], message_id.as_str());
    assert_eq!(app.message(&message_id).await["status"], "processing");
}

#[tokio::test]
async fn without_work_the_request_ends_empty_when_its_time_is_up() {
    let app = App::start().await;
    let worker = app.worker().await;

    for seconds in [0, 1] {
        let answer = wait_for_work(&worker, seconds).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    }
}

#[tokio::test]
async fn more_workers_than_an_instance_serves_may_wait_and_each_gets_one_message() {
    const WORKERS: usize = 40;
    let app = App::start().await;
    let mut waiting = JoinSet::new();
    for _ in 0..WORKERS {
        let worker = app.worker().await;
        waiting.spawn(async move { wait_for_work(&worker, 25).await });
    }
    until_seen(&app, WORKERS).await;

    let mut enqueued = BTreeSet::new();
    for number in 0..WORKERS {
        enqueued.insert(Value::from(app.enqueue(&format!("chat-{number}"), "hi").await).to_string());
    }

    let jobs = waiting.join_all().await;
    let claimed: BTreeSet<String> = jobs.iter().map(|job| job.json["message_id"].to_string()).collect();
    assert_eq!(claimed, enqueued, "{jobs:?}");
}

#[tokio::test]
async fn a_claim_whose_answer_did_not_arrive_is_asked_for_again_by_its_key() {
    let app = App::start().await;
    let worker = app.worker().await;
    let claim = async |key: &str| {
        let request = worker.api.request(Method::GET, "/v1/claim?wait=25").header("idempotency-key", key);
        worker.api.send(request).await
    };
    // The client goes away while its request is held. The component does not hear of it, and takes the message for nobody.
    let impatient = tokio::time::timeout(Duration::from_millis(100), claim("first")).await;
    assert!(impatient.is_err(), "there was nothing yet");
    let message_id = app.enqueue("chat", "hi").await;
    eventually("the claim", || async { (app.message(&message_id).await["status"] == "processing").then_some(()) }).await;

    let again = claim("first").await.expect("clawstead answers");

    assert_eq!(again.json["message_id"], message_id.as_str(), "{}", again.text);
    let job = json!({"message_id": message_id, "lease_id": again.json["lease_id"]});
    assert_eq!(worker.api.post("/v1/complete", &job).await.expect("clawstead answers").status, 204);
    assert_problem(&claim("").await.expect("clawstead answers"), 400, "invalid_field", Some("Idempotency-Key"));
}

#[tokio::test]
async fn a_wait_is_bounded_and_a_number() {
    let app = App::start().await;
    let worker = app.worker().await;

    for wait in ["26", "-1", "long"] {
        let answer = worker.api.get(&format!("/v1/claim?wait={wait}")).await.expect("clawstead answers");
        assert_problem(&answer, 400, "invalid_field", Some("wait"));
    }
    let answer = worker.api.get("/v1/claim?patience=5").await.expect("clawstead answers");
    assert_problem(&answer, 400, "unknown_field", Some("patience"));
}
