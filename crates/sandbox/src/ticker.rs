//! Ticks: what the cron component does where clawstead is deployed.

use std::time::Duration;

use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

use crate::Api;

/// A task that calls the tick route again and again; it ends when this is dropped.
pub(crate) struct Ticker(JoinHandle<()>);

impl Ticker {
    pub(crate) fn start(api: Api, every: Duration) -> Self {
        Self(tokio::spawn(run(api, every)))
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn run(api: Api, every: Duration) {
    let mut interval = interval(every);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut troubled = false;
    loop {
        interval.tick().await;
        let trouble = tick(&api).await.err();
        // A host that is down would otherwise fill the log.
        if let (Some(error), false) = (&trouble, troubled) {
            tracing::warn!("tick failed: {error:#}");
        }
        troubled = trouble.is_some();
    }
}

async fn tick(api: &Api) -> anyhow::Result<()> {
    api.post("/internal/tick", &serde_json::json!({})).await?.success()?;
    Ok(())
}
