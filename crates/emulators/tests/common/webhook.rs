//! A webhook whose answers a test decides.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};

/// What the webhook got.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) update: Value,
    pub(crate) secret: Option<String>,
}

/// What it answers next.
pub(crate) enum Reply {
    Status(u16),
    RetryAfter(u64),
    Json(Value),
    /// Answers only after [`Webhook::release`].
    Hold,
}

struct Inner {
    received: Mutex<Vec<Received>>,
    replies: Mutex<VecDeque<(Option<i64>, Reply)>>,
    count: watch::Sender<usize>,
    released: Notify,
}

#[derive(Clone)]
pub(crate) struct Webhook {
    inner: Arc<Inner>,
    pub(crate) url: String,
}

impl Webhook {
    pub(crate) async fn start() -> Webhook {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let inner = Arc::new(Inner {
            received: Mutex::default(),
            replies: Mutex::default(),
            count: watch::Sender::new(0),
            released: Notify::new(),
        });
        let router = Router::new().route("/hook", post(receive)).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Webhook { inner, url }
    }

    /// Queues an answer; without one it is an empty 200.
    pub(crate) fn reply(&self, reply: Reply) {
        self.inner.replies.lock().unwrap().push_back((None, reply));
    }

    /// Queues an answer for the next update of one chat.
    pub(crate) fn reply_to_chat(&self, chat_id: i64, reply: Reply) {
        self.inner.replies.lock().unwrap().push_back((Some(chat_id), reply));
    }

    pub(crate) fn release(&self) {
        self.inner.released.notify_one();
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.inner.received.lock().unwrap().clone()
    }

    /// The ids of the updates in the order they came.
    pub(crate) fn update_ids(&self) -> Vec<i64> {
        self.received().iter().filter_map(|one| one.update["update_id"].as_i64()).collect()
    }

    pub(crate) async fn wait_for_count(&self, count: usize) {
        let mut counts = self.inner.count.subscribe();
        let reached = counts.wait_for(|seen| *seen >= count);
        tokio::time::timeout(Duration::from_secs(30), reached).await.expect("updates come").expect("a webhook");
    }
}

async fn receive(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: String) -> Response {
    let update: Value = serde_json::from_str(&body).expect("an update");
    let chat_id = update.pointer("/message/chat/id").and_then(Value::as_i64);
    let secret = headers.get("x-telegram-bot-api-secret-token").map(|value| value.to_str().unwrap().to_owned());
    inner.received.lock().unwrap().push(Received { update, secret });
    inner.count.send_modify(|count| *count += 1);
    let reply = {
        let mut replies = inner.replies.lock().unwrap();
        let fits = replies.iter().position(|(chat, _)| chat.is_none() || *chat == chat_id);
        fits.and_then(|index| replies.remove(index))
    };
    match reply.map(|(_, reply)| reply) {
        None => StatusCode::OK.into_response(),
        Some(Reply::Status(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        Some(Reply::RetryAfter(seconds)) => {
            (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", seconds.to_string())]).into_response()
        }
        Some(Reply::Json(body)) => axum::Json(body).into_response(),
        Some(Reply::Hold) => {
            inner.released.notified().await;
            StatusCode::OK.into_response()
        }
    }
}
