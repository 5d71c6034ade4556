//! Many clients at once, over HTTP: whatever they do to each other, every message is accepted once, worked in its order, and
//! ended once.

use std::collections::{BTreeMap, HashSet};

use clawstead_tests::{App, TestWorker, eventually, function_value, seed};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const CLIENTS: usize = 8;

fn message(conversation: usize, number: usize) -> Value {
    json!({
        "conversation_id": format!("chat-{conversation}"), "agent_key": seed::AGENT, "provider": "app", "provider_user_id": "ada",
        "text": format!("{number}"),
    })
}

async fn all<T: Send + 'static>(tasks: impl Iterator<Item = impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let mut set = JoinSet::new();
    tasks.for_each(|task| drop(set.spawn(task)));
    set.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_message_from_many_clients_at_once_is_accepted_once() {
    let app = App::start().await;

    for by_key in [true, false] {
        let ids = all((0..CLIENTS).map(|_| {
            let mut body = message(0, 1);
            if !by_key {
                body["external_id"] = json!("41");
            }
            let mut request = app.api().request(reqwest::Method::POST, "/v1/messages").json(&body);
            if by_key {
                request = request.header("idempotency-key", "once");
            }
            let api = app.api().clone();
            async move { api.send(request).await.expect("clawstead answers") }
        }))
        .await;
        let distinct: HashSet<_> = ids.iter().map(|answer| answer.json["message_id"].to_string()).collect();
        assert_eq!(distinct.len(), 1, "{distinct:?}");
        assert_eq!(ids.iter().filter(|answer| answer.status == 201).count(), 1);
    }

    assert_eq!(app.events("MessageEnqueued").await.len(), 2);
}

/// One worker: claims until nothing is left, completing some and failing others first.
async fn work(worker: TestWorker, expected: usize, done: std::sync::Arc<std::sync::atomic::AtomicUsize>) -> Vec<(String, u64)> {
    use std::sync::atomic::Ordering;
    let mut worked = Vec::new();
    while done.load(Ordering::Relaxed) < expected {
        let job = worker.claim().await;
        if job.is_null() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            continue;
        }
        assert_eq!(function_value(&worker.heartbeat(&job).await), true);
        function_value(&worker.append(&job, "an answer").await);
        assert_eq!(function_value(&worker.complete(&job).await), true);
        let number = job["payload"]["messageText"].as_str().and_then(|text| text.parse().ok()).expect("a number");
        worked.push((job["conversationId"].as_str().expect("an id").to_owned(), number));
        done.fetch_add(1, Ordering::Relaxed);
    }
    worked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_workers_and_many_senders_keep_the_order_of_every_conversation() {
    const CONVERSATIONS: usize = 4;
    const EACH: usize = 6;
    let app = App::start().await;
    let mut workers = Vec::new();
    for _ in 0..CLIENTS {
        workers.push(app.worker().await);
    }
    let done = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let working = tokio::spawn(all(workers.into_iter().map({
        let done = done.clone();
        move |worker| work(worker, CONVERSATIONS * EACH, done.clone())
    })));
    let api = app.api().clone();
    let accepted = all((0..CONVERSATIONS).map(|conversation| {
        let api = api.clone();
        async move {
            let mut ids = Vec::new();
            for number in 0..EACH {
                let answer = api.post("/v1/messages", &message(conversation, number)).await.expect("clawstead answers");
                assert_eq!(answer.status, 201, "{}", answer.text);
                ids.push(answer.json["message_id"].as_str().expect("an id").to_owned());
            }
            ids
        }
    }))
    .await;
    working.await.expect("the workers are done");

    // The log says who came when, whichever answer arrived first.
    let completed = app.events("MessageCompleted").await;
    let mut by_stream: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in &completed {
        let stream = event["stream"].as_str().expect("a stream").to_owned();
        by_stream.entry(stream).or_default().push(event["data"]["message_id"].as_str().expect("an id").to_owned());
    }
    let mut worked: Vec<Vec<String>> = by_stream.into_values().collect();
    let mut accepted = accepted;
    worked.sort_unstable();
    accepted.sort_unstable();
    assert_eq!(worked, accepted, "each once, and in order");
    assert_eq!(app.events("MessageClaimed").await.len(), CONVERSATIONS * EACH, "nobody claims what another has");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_claimers_gets_the_only_message() {
    let app = App::start().await;
    let mut workers = Vec::new();
    for _ in 0..CLIENTS {
        workers.push(app.worker().await);
    }
    for round in 1..=5 {
        app.enqueue("chat", "for one of you").await;
        let jobs = all(workers.clone().into_iter().map(|worker| async move { (worker.claim().await, worker) })).await;
        let mut got: Vec<_> = jobs.into_iter().filter(|(job, _)| !job.is_null()).collect();
        assert!(got.len() <= 1, "{} have it", got.len());
        let (job, worker) = match got.pop() {
            Some(one) => one,
            // All may have lost to a neighbour that looked at the same instant; the next poll finds it.
            None => {
                eventually("somebody to get it", || async {
                    for worker in &workers {
                        let job = worker.claim().await;
                        if !job.is_null() {
                            return Some((job, worker.clone()));
                        }
                    }
                    None
                })
                .await
            }
        };
        function_value(&worker.complete(&job).await);
        assert_eq!(app.events("MessageClaimed").await.len(), round);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_complete_fail_and_cancel_at_once_exactly_one_happens() {
    let app = App::start().await;
    let worker = app.worker().await;
    for round in 1..=6 {
        let message_id = app.enqueue(&format!("chat-{round}"), "who is first?").await;
        let job = eventually("the claim", || async { Some(worker.claim().await).filter(|job| !job.is_null()) }).await;
        let path = format!("/v1/messages/{message_id}/cancel");
        let nothing = json!({});
        let (complete, fail, cancel) =
            tokio::join!(worker.complete(&job), worker.fail(&job, "it broke"), app.api().post(&path, &nothing));
        let cancel = cancel.expect("clawstead answers");
        let ends: [&str; 2] = ["MessageCompleted", "MessageFailed"];
        let of_lease = async |event: &str| {
            app.events(event).await.iter().filter(|event| event["data"]["message_id"] == message_id.as_str()).count()
        };
        let ended = of_lease(ends[0]).await + of_lease(ends[1]).await;
        let cancelled = of_lease("MessageCancelled").await;
        assert!(ended <= 1, "the lease ended {ended} times");
        // A cancel that comes after the failure withdraws the message from its back-off.
        assert!(ended + cancelled >= 1);
        assert_eq!(cancel.status == 200, cancelled == 1, "{}", cancel.text);
        assert_eq!(function_value(&complete) == true, of_lease(ends[0]).await == 1);
        assert_eq!(function_value(&fail)["requeued"] == true, of_lease(ends[1]).await == 1);
        app.api().post(&path, &json!({})).await.expect("clawstead answers");
    }
}
