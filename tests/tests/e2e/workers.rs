//! Workers: registering one, and the strict queue they work on.

use clawstead_tests::{App, FunctionKind, assert_problem, eventually, function_error, function_value};
use serde_json::{Value, json};

#[tokio::test]
async fn a_registered_worker_is_listed_without_its_token() {
    let app = App::start().await;
    let worker = app.worker().await;

    let listed = app.get("/v1/workers").await;

    assert!(listed.text.contains(&worker.id), "{}", listed.text);
    assert!(!listed.text.contains(&worker.token), "the token is shown again");
}

#[tokio::test]
async fn a_conversation_has_one_message_in_flight_and_keeps_its_order() {
    let app = App::start().await;
    let (one, two) = (app.worker().await, app.worker().await);
    app.enqueue("chat", "first").await;
    app.enqueue("chat", "second").await;

    let first = one.claim().await;
    assert_eq!(first["payload"]["messageText"], "first");
    assert!(two.claim().await.is_null(), "the second waits for the first");
    assert!(one.claim().await.is_null(), "also for its own worker");

    function_value(&one.complete(&first).await);
    assert_eq!(one.claim().await["payload"]["messageText"], "second");
}

#[tokio::test]
async fn conversations_are_worked_on_beside_each_other() {
    let app = App::start().await;
    let (one, two) = (app.worker().await, app.worker().await);
    app.enqueue("chat-1", "from one").await;
    app.enqueue("chat-2", "from two").await;

    let (first, second) = (one.claim().await, two.claim().await);

    assert_ne!(first["conversationId"], second["conversationId"]);
    for (worker, job) in [(&one, &first), (&two, &second)] {
        function_value(&worker.append(job, "an answer").await);
        function_value(&worker.complete(job).await);
    }
    assert_eq!(app.get("/v1/queue/stats").await.json["done"], 2);
}

#[tokio::test]
async fn a_lost_lease_goes_to_another_worker_and_its_old_holder_is_refused() {
    let app = App::builder().bot().config("lease", json!({"lease_ms": 200, "silent_after_ms": 3000})).start().await;
    let (late, next) = (app.worker().await, app.worker().await);
    app.enqueue("chat", "do it").await;
    let lost = late.claim().await;

    let job: Value = eventually("the lease to be lost and the message handed on", || async {
        app.tick().await;
        Some(next.claim().await).filter(|job| !job.is_null())
    })
    .await;

    assert_eq!(job["messageId"], lost["messageId"]);
    assert_eq!(app.events("LeaseLost").await.len(), 1);
    for refused in [late.append(&lost, "too late").await, late.hydrate(&lost).await] {
        function_error(&refused);
    }
    let position = app.position().await;
    late.complete(&lost).await;
    assert_eq!(app.position().await, position, "a late complete changes nothing");
}

#[tokio::test]
async fn a_heartbeat_keeps_the_lease() {
    let app = App::builder().bot().config("lease", json!({"lease_ms": 2000})).start().await;
    let worker = app.worker().await;
    app.enqueue("chat", "a long job").await;
    let job = worker.claim().await;

    for _ in 0..12 {
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        function_value(&worker.heartbeat(&job).await);
        app.tick().await;
    }

    function_value(&worker.complete(&job).await);
    assert_eq!(app.events("LeaseLost").await.len(), 0);
}

#[tokio::test]
async fn a_failed_message_is_tried_again_and_dead_lettered_in_the_end() {
    let retry = json!({"max_attempts": 2, "base_delay_ms": 1, "max_delay_ms": 1});
    let app = App::builder().bot().config("retry", retry).start().await;
    let worker = app.worker().await;
    let message_id = app.enqueue("chat", "impossible").await;

    for attempt in 1..=2 {
        let job = eventually("the next try", || async { Some(worker.claim().await).filter(|job| !job.is_null()) }).await;
        let failed = function_value(&worker.fail(&job, "it broke").await);
        assert_eq!((&failed["requeued"], &failed["deadLettered"]), (&json!(attempt == 1), &json!(attempt == 2)), "{failed}");
    }

    assert!(worker.claim().await.is_null());
    assert_eq!(app.message(&message_id).await["status"], "dead_letter");
    assert_eq!(app.get("/v1/queue/stats").await.json["dead_letter"], 1);
    assert_eq!(app.events("MessageDeadLettered").await.len(), 1);
}

#[tokio::test]
async fn repeating_a_complete_or_failing_after_it_changes_nothing() {
    let app = App::start().await;
    let worker = app.worker().await;
    let message_id = app.enqueue("chat", "once").await;
    let job = worker.claim().await;
    assert_eq!(function_value(&worker.complete(&job).await), true);
    let position = app.position().await;

    worker.complete(&job).await;
    worker.fail(&job, "the answer to complete was lost").await;

    assert_eq!(app.position().await, position);
    assert_eq!(app.message(&message_id).await["status"], "done");
}

#[tokio::test]
async fn a_worker_speaks_for_itself_only() {
    let app = App::start().await;
    let (one, two) = (app.worker().await, app.worker().await);
    app.enqueue("chat", "mine").await;
    let position = app.position().await;

    let refused = one.call(FunctionKind::Mutation, "workerClaim", &json!({"workerId": two.id})).await;

    function_error(&refused);
    assert_eq!(app.events("MessageClaimed").await.len(), 0);
    assert!(app.position().await <= position + 1, "at most the first contact is noted");
}

#[tokio::test]
async fn the_rest_routes_of_a_worker_do_the_same() {
    let app = App::start().await;
    let worker = app.worker().await;
    let message_id = app.enqueue("chat", "over REST").await;
    let post = async |path: &str, body: Value| worker.api.post(path, &body).await.expect("clawstead answers");

    let control = worker.api.get("/v1/control").await.expect("clawstead answers").success().expect("it answers");
    assert_eq!(control["should_stop"], false, "{control}");
    let job = post("/v1/claim", json!({})).await.success().expect("a job");
    assert_eq!(job["message_id"], message_id.as_str(), "{job}");
    let lease = json!({"message_id": job["message_id"], "lease_id": job["lease_id"]});
    post("/v1/heartbeat", lease.clone()).await.success().expect("the lease is live");
    post("/v1/complete", lease).await.success().expect("it is done");

    assert_eq!(app.message(&message_id).await["status"], "done");
}

#[tokio::test]
async fn an_unknown_token_opens_nothing() {
    let app = App::start().await;

    let answer = app.api().anonymous().post("/worker/not-a-token/v1/claim", &json!({})).await.expect("clawstead answers");

    assert_problem(&answer, 401, "unauthenticated", None);
}
