//! `[[trigger.cron]]`: a component's handler, called by the clock.
//!
//! As in Spin: six fields, seconds first, UTC; each tick is a fresh instance; ticks may overlap;
//! what was missed is not caught up.

use chrono::{DateTime, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use tokio::task::JoinSet;
use wasmtime::Engine;
use wasmtime::component::{ComponentType, InstancePre, Lift, Lower};

use crate::state::{Grant, GuestState, Services, new_store};

/// The function that a component of this trigger exports.
pub(crate) const HANDLER: &str = "handle-cron-event";

/// `spin:cron/cron-types`, record `metadata`.
#[derive(Debug, Clone, ComponentType, Lower, Lift)]
#[component(record)]
struct Metadata {
    /// Seconds since the Unix epoch.
    timestamp: u64,
}

/// `spin:cron/cron-types`, variant `error`.
#[derive(Debug, Clone, ComponentType, Lower, Lift)]
#[component(variant)]
enum TickError {
    #[component(name = "other")]
    Other(String),
}

/// A cron expression.
#[derive(Debug)]
pub(crate) struct Schedule(Cron);

impl Schedule {
    /// # Errors
    /// Says why the expression is none.
    pub(crate) fn parse(expression: &str) -> Result<Self, String> {
        let fields = expression.split_whitespace().count();
        if fields != 6 {
            return Err(format!("cron_expression {expression:?} has {fields} fields, but needs six, seconds first"));
        }
        let parser = CronParser::builder().seconds(Seconds::Required).year(Year::Disallowed).build();
        match parser.parse(expression) {
            Ok(cron) => Ok(Self(cron)),
            Err(error) => Err(format!("cron_expression {expression:?}: {error}")),
        }
    }

    /// The first instant after `time` that matches.
    fn next(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.find_next_occurrence(&time, false).ok()
    }
}

/// One trigger, ready to run.
pub(crate) struct CronTask {
    pub(crate) schedule: Schedule,
    pub(crate) engine: Engine,
    pub(crate) pre: InstancePre<GuestState>,
    pub(crate) grant: Arc<Grant>,
    pub(crate) services: Arc<Services>,
    pub(crate) request_timeout: Duration,
}

impl CronTask {
    /// Ticks until it is dropped.
    pub(crate) async fn run(self) {
        let task = Arc::new(self);
        let clock = Arc::clone(&task.services.clock);
        let mut ticks = JoinSet::new();
        let mut last = DateTime::<Utc>::from(clock.now());
        loop {
            let now = DateTime::<Utc>::from(clock.now());
            // A timer that fires early must not make the same tick twice.
            let Some(next) = task.schedule.next(now.max(last)) else {
                tracing::warn!(component = &*task.grant.component, "cron: no further tick");
                std::future::pending::<()>().await;
                return;
            };
            clock.sleep((next - now).to_std().unwrap_or_default()).await;
            last = next;
            while ticks.try_join_next().is_some() {}
            let task = Arc::clone(&task);
            ticks.spawn(async move { task.tick().await });
        }
    }

    async fn tick(&self) {
        let component = &*self.grant.component;
        match tokio::time::timeout(self.request_timeout, self.call()).await {
            Err(_) => tracing::error!(component, "cron: the handler did not end in time"),
            Ok(Err(error)) => tracing::error!(component, "cron: the handler failed: {error:?}"),
            Ok(Ok(Err(TickError::Other(error)))) => tracing::error!(component, "cron: {error}"),
            Ok(Ok(Ok(()))) => {}
        }
    }

    async fn call(&self) -> wasmtime::Result<Result<(), TickError>> {
        let mut store = new_store(&self.engine, &self.grant, &self.services, None);
        let instance = self.pre.instantiate_async(&mut store).await?;
        let handler = instance.get_typed_func::<(Metadata,), (Result<(), TickError>,)>(&mut store, HANDLER)?;
        let since_epoch = self.services.clock.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let metadata = Metadata { timestamp: since_epoch.as_secs() };
        let called = store.run_concurrent(async move |accessor| handler.call_concurrent(accessor, (metadata,)).await);
        let (outcome,) = called.await??;
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;
    use chrono::{DateTime, Utc};

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect(text)
    }

    #[test]
    fn six_fields_with_seconds_first() {
        let schedule = Schedule::parse("*/10 * * * * *").expect("a good expression");
        assert_eq!(schedule.next(time("2026-01-01T00:00:00Z")), Some(time("2026-01-01T00:00:10Z")));
        assert_eq!(schedule.next(time("2026-01-01T00:00:59.5Z")), Some(time("2026-01-01T00:01:00Z")));
        let nightly = Schedule::parse("0 30 3 * * *").expect("a good expression");
        assert_eq!(nightly.next(time("2026-01-01T04:00:00Z")), Some(time("2026-01-02T03:30:00Z")));
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in ["* * * * *", "0 0 0 1 1 * 2026", "", "@daily", "61 * * * * *", "x * * * * *"] {
            assert!(Schedule::parse(bad).is_err(), "{bad}");
        }
    }
}
