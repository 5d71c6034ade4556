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

/// Longest expression, bytes. One that names every second and minute has fewer than 350.
const EXPRESSION_BYTES_MAX: usize = 512;

/// A cron expression.
#[derive(Debug)]
pub(crate) struct Schedule(Cron);

impl Schedule {
    /// # Errors
    /// Says why the expression is none.
    pub(crate) fn parse(expression: &str) -> Result<Self, String> {
        if expression.len() > EXPRESSION_BYTES_MAX {
            let bytes = expression.len();
            return Err(format!("cron_expression has {bytes} bytes, but may have {EXPRESSION_BYTES_MAX}"));
        }
        let fields = expression.split_whitespace().count();
        if fields != 6 {
            return Err(format!("cron_expression {expression:?} has {fields} fields, but needs six, seconds first"));
        }
        // The parser takes a list of nothing for a field, and then looks through all years for an instant that fits.
        if expression.split_whitespace().flat_map(|field| field.split(',')).any(str::is_empty) {
            return Err(format!("cron_expression {expression:?}: nothing stands beside a comma"));
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
    use std::time::{Duration, Instant};

    use super::Schedule;
    use chrono::{DateTime, Utc};
    use clawstead_fuzz::Target;
    use proptest::prelude::*;
    use proptest::sample::select;
    use proptest::test_runner::RngSeed;

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

    /// Longest time that reading an expression and finding its next instants may take, in a debug build beside other tests.
    const BOUND: Duration = Duration::from_secs(2);

    /// Reads an expression and asks for the next instants after `from`. Whatever it is, that ends soon and well: with a refusal
    /// that names the field, or with instants that ascend.
    fn reads(expression: &str, from: DateTime<Utc>) -> bool {
        let begun = Instant::now();
        let read = Schedule::parse(expression);
        let is_good = match &read {
            Err(why) => {
                assert!(why.starts_with("cron_expression ") && why.len() < 10_000, "{why}");
                false
            }
            Ok(schedule) => {
                let mut last = from;
                for _ in 0..3 {
                    let Some(next) = schedule.next(last) else { break };
                    assert!(next > last, "{expression:?}: {next} after {last}");
                    last = next;
                }
                true
            }
        };
        assert!(begun.elapsed() < BOUND, "{expression:?} took {:?}", begun.elapsed());
        is_good
    }

    /// A field as somebody may write it: mostly one that can be.
    fn field() -> impl Strategy<Value = String> {
        let number = || prop_oneof![8 => 0..60_u32, 1 => any::<u32>()];
        prop_oneof![
            3 => Just("*".to_owned()),
            3 => number().prop_map(|n| n.to_string()),
            2 => (number(), number()).prop_map(|(a, b)| format!("{a}-{b}")),
            2 => number().prop_map(|n| format!("*/{n}")),
            1 => (number(), number(), number()).prop_map(|(a, b, n)| format!("{a}-{b}/{n}")),
            2 => proptest::collection::vec(number(), 1..8).prop_map(|list| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")),
            1 => select(&["L", "?", "W", "15W", "LW", "5#2", "FRI#L", "MON-SUN", "jan", "JAN-dec", "1L", "+MON", "#", "/", "-", ",", "*/"][..]).prop_map(str::to_owned),
            1 => "[0-9*/,?LW#+A-Z-]{0,12}",
        ]
    }

    fn instant() -> impl Strategy<Value = DateTime<Utc>> {
        // From before the epoch to the year 9999, the last that a clock of this host can show.
        (-62_135_596_800_i64..253_402_300_799).prop_map(|s| DateTime::from_timestamp(s, 0).expect("an instant"))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, rng_seed: RngSeed::Fixed(20_261_120), failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn six_fields_of_any_kind_are_read_or_refused(fields in proptest::collection::vec(field(), 6), from in instant()) {
            reads(&fields.join(" "), from);
        }
    }

    const TARGET: Target = Target {
        name: "cron",
        words: &[
            "*", "*/", "-", ",", "/", "?", "L", "LW", "15W", "#", "#L", "MON", "jan", "59", "60", "31", "@yearly", " ", "\t",
        ],
        mutations: 8_000,
    };

    #[test]
    fn corpus_of_cron() {
        let from = ["2026-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z", "2024-02-29T23:59:59Z", "9999-12-31T23:59:58Z"].map(time);
        let far = TARGET.run(|name, bytes| {
            let text = String::from_utf8_lossy(bytes);
            let is_good = from.map(|from| reads(&text, from)).contains(&true);
            assert!(!name.starts_with("valid-") || is_good, "it is refused");
            assert!(!name.starts_with("bad-") || !is_good, "it is taken");
            is_good
        });
        assert!(far > TARGET.mutations / 50, "only {far} are expressions");
    }

    /// As long as nobody would keep one.
    #[test]
    fn an_expression_of_a_million_parts_is_refused_at_once() {
        assert!(!reads(&format!("{} * * * * *", "0,".repeat(1_000_000)), time("2026-01-01T00:00:00Z")));
    }
}
