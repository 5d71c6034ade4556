//! Clients that ask as soon as they have their answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use crate::client::Client;
use crate::figures::Run;

/// When a load ends.
#[derive(Clone)]
pub(crate) struct Until {
    at: Instant,
    /// So many are left to do.
    left: Arc<AtomicU64>,
}

impl Until {
    /// After a time.
    pub(crate) fn after(time: Duration) -> Self {
        Self { at: Instant::now() + time, left: Arc::new(AtomicU64::new(u64::MAX)) }
    }

    /// After a number of them.
    pub(crate) fn done(number: u64) -> Self {
        Self { at: Instant::now() + Duration::from_secs(600), left: Arc::new(AtomicU64::new(number)) }
    }

    /// Whether there is one more to do.
    pub(crate) fn goes_on(&self) -> bool {
        let take = |left: u64| left.checked_sub(1);
        Instant::now() < self.at && self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    /// One was not done after all.
    pub(crate) fn give_back(&self) {
        self.left.fetch_add(1, Ordering::Relaxed);
    }
}

/// One thing that a client does, over and over.
pub(crate) trait Task: Clone + Send + Sync + 'static {
    /// Does it once; false when it could not be done this time and does not count.
    fn once(&self, client: &mut Client, number: usize) -> impl Future<Output = Result<bool>> + Send;
}

/// Has so many clients do it until the end.
pub(crate) async fn run<T: Task>(address: SocketAddr, clients: usize, until: Until, task: T) -> Result<Run> {
    let mut running = JoinSet::new();
    let mut connected = Vec::new();
    for _ in 0..clients {
        connected.push(Client::connect(address).await?);
    }
    let begun = Instant::now();
    for (number, mut client) in connected.into_iter().enumerate() {
        let (until, task) = (until.clone(), task.clone());
        running.spawn(async move {
            let mut latencies = Vec::new();
            while until.goes_on() {
                let asked = Instant::now();
                if task.once(&mut client, number).await? {
                    latencies.push(asked.elapsed());
                } else {
                    until.give_back();
                }
            }
            anyhow::Ok(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(ended) = running.join_next().await {
        latencies.extend(ended??);
    }
    Ok(Run::new(latencies, begun.elapsed()))
}
