//! Costs by day and agent.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate};
use clawstead_domain::Refusal;
use clawstead_domain::config::PricesPolicy;
use clawstead_ledger::{Engine, Row};
use serde::Serialize;

use super::{hours, price, work_price};
use crate::{Cx, OperationError, configs};

const DAY_MS: i64 = 86_400_000;

/// A row in the making: its key is the day and the agent.
type Key = (i64, String);

/// Times of one day and agent, ms.
#[derive(Debug, Clone, Copy, Default)]
struct Times {
    running: i64,
    stopped: i64,
    volume_gb: i64,
    messages: i64,
    work: i64,
}

/// What one agent cost on one day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DayCost {
    /// The day, UTC, as in 2026-01-31.
    pub day: String,
    /// The agent; empty for machines that wait for a conversation.
    pub agent_key: String,
    /// Machine hours, running.
    pub running_hours: f64,
    /// Machine hours, told to stop and not gone yet.
    pub stopped_hours: f64,
    /// Volume hours, for each GB.
    pub volume_gb_hours: f64,
    /// All of it, in the currency.
    pub cost: f64,
    /// Messages that were finished.
    pub messages: i64,
    /// What each of them cost on average: all of it, idle time included. None without messages.
    pub cost_per_message: Option<f64>,
    /// The part of the cost in which machines worked on those messages.
    pub work_cost: f64,
}

/// A page of costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Days {
    /// What prices are in.
    pub currency: String,
    /// Oldest day first.
    pub costs: Vec<DayCost>,
    /// Where the next page begins; none after the last.
    pub next_after: Option<String>,
}

/// A page of costs from a day on, after the row that `after` names; what is not over counts until now.
///
/// # Errors
/// When `from` or `after` is none that this gave.
pub async fn days<E: Engine>(
    cx: &Cx<'_, E>,
    from: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Days, OperationError> {
    let prices: PricesPolicy = configs::load(cx).await?.get()?;
    let start = match (after, from) {
        (Some(after), _) => after_of(after)?,
        (None, Some(from)) => (day_of("from", from)?, None),
        (None, None) => (cx.now / DAY_MS - 30, None),
    };
    let mut rows = over(cx, &start, limit).await?;
    for (key, times) in open(cx).await? {
        if start.1.as_ref().map_or(key.0 >= start.0, |agent| key > (start.0, agent.clone())) {
            rows.entry(key).or_default().add(&times);
        }
    }
    let has_more = rows.len() as i64 > limit;
    let costs: Vec<DayCost> =
        rows.iter().take(usize::try_from(limit).unwrap_or(0)).filter_map(|(key, times)| cost(key, times, &prices)).collect();
    let next_after = costs.last().filter(|_| has_more).map(|last| format!("{}/{}", last.day, last.agent_key));
    Ok(Days { currency: prices.currency, costs, next_after })
}

/// What is over; one row more than asked for, if there is one.
async fn over<E: Engine>(
    cx: &Cx<'_, E>,
    start: &(i64, Option<String>),
    limit: i64,
) -> Result<BTreeMap<Key, Times>, OperationError> {
    let columns = "day, agent_key, running_ms, stopped_ms, volume_gb_ms, finished, work_ms";
    let (condition, agent) = match &start.1 {
        Some(agent) => ("(day, agent_key) > (?1, ?3)", agent.as_str()),
        None => ("day >= ?1 AND ?3 = ''", ""),
    };
    let sql = format!("SELECT {columns} FROM cost_days WHERE {condition} ORDER BY day, agent_key LIMIT ?2");
    let rows = cx.sql(&sql, &[start.0.into(), (limit + 1).into(), agent.into()]).await?;
    Ok(rows.iter().filter_map(|row| times_of(&row)).collect())
}

fn times_of(row: &Row<'_>) -> Option<(Key, Times)> {
    let times = Times {
        running: row.integer("running_ms")?,
        stopped: row.integer("stopped_ms")?,
        volume_gb: row.integer("volume_gb_ms")?,
        messages: row.integer("finished")?,
        work: row.integer("work_ms")?,
    };
    Some(((row.integer("day")?, row.text("agent_key")?), times))
}

/// What is not over, until now: as many rows as there are workers, for each day that they saw.
async fn open<E: Engine>(cx: &Cx<'_, E>) -> Result<BTreeMap<Key, Times>, OperationError> {
    let sql = "SELECT agent_key, machine_from, stop_from, volume_from, volume_gb FROM machine_times";
    let mut open = BTreeMap::new();
    for row in cx.sql(sql, &[]).await?.iter() {
        let agent_key = row.text("agent_key").unwrap_or_default();
        let mut add = |from: Option<i64>, to: i64, times_of: fn(i64) -> Times, factor: i64| {
            for (day, ms) in from.into_iter().flat_map(|from| by_day(from, to)) {
                open.entry((day, agent_key.clone())).or_insert_with(Times::default).add(&times_of(ms * factor));
            }
        };
        let stop_from = row.integer("stop_from");
        let (machine_from, volume_gb) = (row.integer("machine_from"), row.integer("volume_gb").unwrap_or(0));
        add(machine_from, stop_from.unwrap_or(cx.now), |running| Times { running, ..Times::default() }, 1);
        add(stop_from, cx.now, |stopped| Times { stopped, ..Times::default() }, 1);
        add(row.integer("volume_from"), cx.now, |volume_gb| Times { volume_gb, ..Times::default() }, volume_gb);
    }
    Ok(open)
}

/// A span of time, in parts of days.
fn by_day(from: i64, to: i64) -> impl Iterator<Item = (i64, i64)> {
    let part = move |day: i64| (day, (to.min((day + 1) * DAY_MS) - from.max(day * DAY_MS)).max(0));
    (from / DAY_MS..=to.max(from) / DAY_MS).map(part)
}

impl Times {
    fn add(&mut self, other: &Self) {
        self.running += other.running;
        self.stopped += other.stopped;
        self.volume_gb += other.volume_gb;
        self.messages += other.messages;
        self.work += other.work;
    }
}

fn cost((day, agent_key): &Key, times: &Times, prices: &PricesPolicy) -> Option<DayCost> {
    let (running_hours, stopped_hours, volume_gb_hours) = (hours(times.running), hours(times.stopped), hours(times.volume_gb));
    let cost = price(running_hours, prices.machine_hour_micros)
        + price(stopped_hours, prices.stopped_machine_hour_micros)
        + price(volume_gb_hours, prices.volume_gb_hour_micros);
    Some(DayCost {
        day: DateTime::from_timestamp_millis(day * DAY_MS)?.date_naive().to_string(),
        agent_key: agent_key.clone(),
        running_hours,
        stopped_hours,
        volume_gb_hours,
        cost,
        messages: times.messages,
        cost_per_message: (times.messages > 0).then(|| cost / times.messages as f64),
        work_cost: work_price(times.work, prices),
    })
}

fn day_of(field: &'static str, text: &str) -> Result<i64, OperationError> {
    let day: NaiveDate = text.parse().map_err(|_| Refusal::invalid(field, "must be a day such as 2026-01-31"))?;
    Ok(day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis() / DAY_MS)
}

fn after_of(after: &str) -> Result<(i64, Option<String>), OperationError> {
    let (day, agent_key) = after.split_once('/').ok_or_else(|| Refusal::invalid("after", "must be a `next_after`"))?;
    Ok((day_of("after", day)?, Some(agent_key.to_owned())))
}
