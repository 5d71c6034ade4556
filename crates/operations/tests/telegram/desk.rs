//! What the tests do again and again: send what is due, fetch what is due, work on messages.

use clawstead_domain::config::Policy;
use clawstead_domain::conversation::Ending;
use clawstead_domain::worker::{DrainReason, WorkerEvent};
use clawstead_ledger::{Expected, Value};
use clawstead_operations::files::SqliteStore;
use clawstead_operations::outbox::{TelegramApi, send_due};
use clawstead_operations::queue::{self, Bundle, Job};
use clawstead_operations::workers::{self, Worker};
use clawstead_operations::{configs, ingress};
use futures::executor::block_on;
use serde_json::json;

use crate::api::Api;
use crate::stage::Stage;
use crate::telegram::{self, ADA};
use crate::world::{API, World};

/// A deployment with an agent, its bot, and the paired user Ada, who has been told so.
pub(crate) fn with_ada() -> World {
    let world = World::with_bot();
    world.paired("ada", ADA);
    world
}

impl World {
    pub(crate) fn send(&self, api: &Api) -> i64 {
        let clock = || self.cx().now;
        block_on(send_due(&self.cx(), &self.to(api, &clock), i64::MAX)).unwrap()
    }

    pub(crate) fn fetch(&self, api: &Api) -> i64 {
        let clock = || self.cx().now;
        block_on(ingress::fetch_due(&self.cx(), &self.to(api, &clock), &self.store(), i64::MAX)).unwrap()
    }

    pub(crate) fn store(&self) -> SqliteStore<'_, Stage> {
        SqliteStore(&self.ledger)
    }

    pub(crate) fn to<'a>(&'a self, api: &'a Api, clock: &'a dyn Fn() -> i64) -> TelegramApi<'a, Api> {
        TelegramApi { transport: api, api_url: API, keys: &self.keys, clock }
    }

    pub(crate) fn policy(&self, policy: &impl Policy) {
        block_on(configs::set(&self.cx(), policy)).unwrap();
    }

    pub(crate) fn worker(&self) -> Worker {
        let registered = block_on(workers::register(&self.cx(), None)).unwrap();
        block_on(workers::by_token(&self.cx(), &registered.token)).unwrap().unwrap()
    }

    pub(crate) fn claim(&self, worker: &Worker) -> Option<Job> {
        block_on(workers::saw(&self.cx(), worker)).unwrap();
        block_on(queue::claim(&self.cx(), worker, None)).unwrap()
    }

    pub(crate) fn complete(&self, worker: &Worker, job: &Job) {
        let ending = Ending { worker_id: &worker.worker_id, message_id: &job.message_id, lease_id: &job.lease_id };
        block_on(queue::complete(&self.cx(), ending)).unwrap();
    }

    pub(crate) fn hydrate(&self, worker: &Worker, job: &Job) -> Bundle {
        block_on(queue::hydrate(&self.cx(), &self.keys, worker, &job.message_id)).unwrap()
    }

    /// A worker takes the next message, is given it whole, completes it, and is gone.
    pub(crate) fn work(&self) -> Option<serde_json::Value> {
        let worker = self.worker();
        let job = self.claim(&worker)?;
        let message = self.hydrate(&worker, &job).message;
        self.complete(&worker, &job);
        self.leave(&worker);
        Some(message)
    }

    pub(crate) fn leave(&self, worker: &Worker) {
        let drain = WorkerEvent::DrainRequested { reason: DrainReason::Idle, deadline_at: 0 };
        let events = [drain, WorkerEvent::TeardownStarted {}, WorkerEvent::WorkerStopped {}];
        block_on(self.cx().append(&worker.worker_id, Expected::Any, &events)).unwrap();
    }

    /// What a statement finds, each row as one text.
    pub(crate) fn rows(&self, sql: &str) -> Vec<String> {
        let rows = block_on(self.cx().sql(sql, &[])).unwrap();
        let shown = |value: &Value| match value {
            Value::Null => "-".to_owned(),
            Value::Integer(number) => number.to_string(),
            Value::Text(text) => text.clone(),
            other => format!("{other:?}"),
        };
        rows.rows.iter().map(|row| row.iter().map(shown).collect::<Vec<_>>().join(" ")).collect()
    }
}

/// A message with a file.
pub(crate) fn photo(update_id: i64, file_id: &str, size: u64, caption: Option<&str>, album: Option<&str>) -> Vec<u8> {
    let mut update: serde_json::Value = serde_json::from_slice(&telegram::text(update_id, ADA, "x")).unwrap();
    let message = update["message"].as_object_mut().unwrap();
    message.remove("text");
    message
        .insert("photo".into(), json!([{"file_id": file_id, "file_unique_id": "u", "width": 1, "height": 1, "file_size": size}]));
    if let Some(caption) = caption {
        message.insert("caption".into(), caption.into());
    }
    if let Some(album) = album {
        message.insert("media_group_id".into(), album.into());
    }
    update.to_string().into_bytes()
}
