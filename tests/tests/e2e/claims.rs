//! Claims over HTTP, many at once and past many conversations that are locked.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use clawstead_tests::{App, TestWorker, seed};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const CLIENTS: usize = 8;
const CONVERSATIONS: usize = 1_000;

fn message(conversation: &str) -> Value {
    json!({
        "conversation_id": conversation, "agent_key": seed::AGENT, "provider": "app", "provider_user_id": "ada", "text": "hi",
    })
}

/// A message into each of many conversations, from several clients at once.
async fn enqueue_all(app: &App) {
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let api = app.api().clone();
        clients.spawn(async move {
            for number in (client..CONVERSATIONS).step_by(CLIENTS) {
                let answer = api.post("/v1/messages", &message(&format!("chat-{number}"))).await.expect("clawstead answers");
                assert_eq!(answer.status, 201, "{}", answer.text);
            }
        });
    }
    clients.join_all().await;
}

/// Claims and holds on to what it gets, until all has been handed out. Gives the messages, and how often it got nothing though
/// there was more than all claimers together could have on their way.
async fn claim_all(worker: TestWorker, handed_out: Arc<AtomicUsize>) -> (Vec<String>, usize) {
    let (mut got, mut empty) = (Vec::new(), 0);
    while handed_out.load(Ordering::SeqCst) < CONVERSATIONS {
        let plenty = handed_out.load(Ordering::SeqCst) + 2 * CLIENTS < CONVERSATIONS;
        let job = worker.claim().await;
        if job.is_null() {
            empty += usize::from(plenty);
            continue;
        }
        handed_out.fetch_add(1, Ordering::SeqCst);
        got.push(job["messageId"].as_str().expect("an id").to_owned());
    }
    (got, empty)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w1_w3_claimers_share_a_thousand_conversations_rarely_collide_and_go_on_past_those_that_are_locked() {
    let lease = json!({"lease_ms": 3_600_000, "silent_after_ms": 3_600_000});
    let app = App::builder().bot().config("lease", lease).start().await;
    enqueue_all(&app).await;
    let handed_out = Arc::new(AtomicUsize::new(0));
    let mut claimers = JoinSet::new();
    for _ in 0..CLIENTS {
        claimers.spawn(claim_all(app.worker().await, handed_out.clone()));
    }
    let outcomes = claimers.join_all().await;
    let distinct: HashSet<&String> = outcomes.iter().flat_map(|(got, _)| got).collect();
    assert_eq!((distinct.len(), outcomes.iter().map(|(got, _)| got.len()).sum::<usize>()), (CONVERSATIONS, CONVERSATIONS));
    let empty: usize = outcomes.iter().map(|(_, empty)| empty).sum();
    assert!(empty * 20 <= CONVERSATIONS, "{empty} of {CONVERSATIONS} claims came away empty");

    let worker = app.worker().await;
    for number in 0..20 {
        app.enqueue(&format!("chat-{number}"), "behind one that is in flight").await;
    }
    assert!(worker.claim().await.is_null(), "every conversation is locked");
    let free = app.enqueue("free", "hi").await;
    assert_eq!(worker.claim().await["messageId"], json!(free));
    let stats = app.get("/v1/queue/stats").await.json;
    assert_eq!((&stats["processing"], &stats["queued_ready"]), (&json!(CONVERSATIONS + 1), &json!(20)), "{stats}");
}
