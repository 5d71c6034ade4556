//! The existing worker's every step, with death at every step: the next worker finishes what the dead one began.

use std::collections::BTreeMap;

use clawstead_tests::emulators::worker::{Engine, Exit, Shutdown, Step, Worker};
use clawstead_tests::{App, TestWorker, eventually, seed};
use serde_json::json;

/// Every step from the start to the end of a job.
const STEPS: [Step; 7] =
    [Step::Started, Step::Claimed, Step::Hydrated, Step::Worked, Step::Appended, Step::Sent, Step::Completed];

fn program(app: &App, registered: &TestWorker) -> Worker {
    let env = BTreeMap::from([
        ("CONVEX_URL".to_owned(), registered.api.base_url().to_owned()),
        ("WORKER_ID".to_owned(), registered.id.clone()),
        ("TELEGRAM_API_URL".to_owned(), app.telegram().base_url()),
        ("POLL_INTERVAL_MS".to_owned(), "30".to_owned()),
        ("HEARTBEAT_INTERVAL_MS".to_owned(), "100".to_owned()),
        ("WORKER_IDLE_TIMEOUT_MS".to_owned(), "60000".to_owned()),
    ]);
    Worker::new(env, Engine::echo()).error_wait_ms(50)
}

async fn dies_at(step: Step) {
    let app = App::builder()
        .paired()
        .ticking()
        .config("lease", json!({"lease_ms": 700, "silent_after_ms": 3000}))
        .config("retry", json!({"base_delay_ms": 1, "max_delay_ms": 1}))
        .start()
        .await;
    app.write(seed::USER_ID, "finish this").await;
    app.write(seed::USER_ID, "and then this").await;

    let dead = app.worker().await;
    let exit = program(&app, &dead).crash_at(step).run(Shutdown::never()).await;
    assert_eq!(exit, Exit::Vanished(step));

    let next = app.worker().await;
    let (stop, shutdown) = Shutdown::pair();
    let running = tokio::spawn(program(&app, &next).run(shutdown));
    app.until_idle().await;
    stop.now();
    running.await.expect("the worker ends");

    let completed = app.events("MessageCompleted").await;
    assert_eq!(completed.len(), 2, "{step:?}: both, each once");
    assert!(completed[0]["version"].as_i64() < completed[1]["version"].as_i64());
    assert_eq!(app.events("MessageDeadLettered").await.len(), 0, "{step:?}");
    let lost = matches!(step, Step::Claimed | Step::Hydrated | Step::Worked | Step::Appended | Step::Sent);
    assert_eq!(app.events("LeaseLost").await.len(), usize::from(lost), "{step:?}");
    let replies = app.replies(seed::USER_ID, 2).await;
    // At least once: whoever dies after the reply and before the complete leaves it to be said again.
    let expected = if step == Step::Sent { 3 } else { 2 };
    assert_eq!(replies.len(), expected, "{step:?}: {replies:?}");
    assert_eq!(replies.last().map(String::as_str), Some("echo: and then this"), "{step:?}");
}

#[tokio::test]
async fn whatever_step_a_worker_dies_at_the_next_one_finishes() {
    for step in STEPS {
        eprintln!("{step:?}");
        dies_at(step).await;
    }
}

#[tokio::test]
async fn a_worker_that_dies_at_every_delivery_poisons_one_message_and_not_the_queue() {
    let app = App::builder()
        .paired()
        .ticking()
        .config("lease", json!({"lease_ms": 300, "silent_after_ms": 3000, "max_deliveries": 2}))
        .config("retry", json!({"base_delay_ms": 1, "max_delay_ms": 1}))
        .start()
        .await;
    app.write(seed::USER_ID, "poison").await;
    for _ in 0..2 {
        let victim = app.worker().await;
        assert_eq!(program(&app, &victim).crash_at(Step::Hydrated).run(Shutdown::never()).await, Exit::Vanished(Step::Hydrated));
    }
    eventually("the dead letter", || async { (app.events("MessageDeadLettered").await.len() == 1).then_some(()) }).await;

    app.write(seed::USER_ID, "still there?").await;
    let next = app.worker().await;
    let (stop, shutdown) = Shutdown::pair();
    let running = tokio::spawn(program(&app, &next).run(shutdown));
    assert_eq!(app.replies(seed::USER_ID, 1).await, ["echo: still there?"]);
    app.until_idle().await;
    stop.now();
    running.await.expect("the worker ends");
}
