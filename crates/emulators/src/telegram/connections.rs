//! The cap on simultaneous requests to one webhook.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::webhook::Webhook;

/// The free connections of each webhook, by the setting that made it.
#[derive(Default)]
pub(crate) struct Connections {
    free: Mutex<BTreeMap<i64, (u64, Arc<Semaphore>)>>,
}

impl Connections {
    /// Waits for a free connection; it is free again when the permit is dropped.
    pub(crate) async fn take(&self, bot_id: i64, webhook: &Webhook) -> Option<OwnedSemaphorePermit> {
        let semaphore = {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            let cap = usize::try_from(webhook.max_connections).unwrap_or(1);
            let fresh = || (webhook.setting, Arc::new(Semaphore::new(cap)));
            let entry = free.entry(bot_id).or_insert_with(fresh);
            if entry.0 != webhook.setting {
                *entry = fresh();
            }
            entry.1.clone()
        };
        semaphore.acquire_owned().await.ok()
    }
}
