//! What must hold after a run, whatever went wrong in it.
//!
//! The rules look at what the parties said to each other, at the log, at the views and at what is left at Fly. They know
//! nothing of how clawstead keeps its promises: the order of a conversation, for instance, is found again from the log alone.

mod accepted;
mod answers;
mod deadlines;
mod log;
mod provider;
mod queue;
mod renewals;
mod secrecy;
mod told;
mod views;

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;

use crate::world::Remains;

/// How late whoever looks after deadlines may be, ms: some ticks.
const SLACK_MS: i64 = 60_000;

/// A promise that was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which promise: a stable name.
    pub rule: &'static str,
    /// What happened instead, with the events by their positions.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "[{}] {}", self.rule, self.what)
    }
}

/// What rules write to.
#[derive(Debug, Default)]
struct Findings(Vec<Violation>);

impl Findings {
    fn add(&mut self, rule: &'static str, what: impl Into<String>) {
        self.0.push(Violation { rule, what: what.into() });
    }
}

/// How many events of each type the log of a run has: what was tried in it.
///
/// # Errors
/// The database of the run cannot be read.
pub fn tally(remains: &Remains) -> Result<BTreeMap<String, u64>> {
    let mut tally = BTreeMap::new();
    for event in log::read(&remains.database)? {
        *tally.entry(event.type_).or_default() += 1;
    }
    Ok(tally)
}

/// Every promise that a run did not keep.
///
/// # Errors
/// The database of the run cannot be read.
pub fn check(remains: &Remains) -> Result<Vec<Violation>> {
    let mut broken = check_without_machines(remains)?;
    let mut findings = Findings::default();
    provider::check(&log::read(&remains.database)?, &remains.history.exchanges(), remains, &mut findings);
    broken.extend(findings.0);
    Ok(broken)
}

/// As [`check`], of a run that had no machines.
///
/// # Errors
/// The database of the run cannot be read.
pub fn check_without_machines(remains: &Remains) -> Result<Vec<Violation>> {
    let mut findings = Findings::default();
    let events = log::read(&remains.database)?;
    log::has_no_gaps(&events, &mut findings);
    let exchanges = remains.history.exchanges();
    let messages = queue::follow(&events, &exchanges, remains, &mut findings);
    accepted::check(&exchanges, &messages, remains, &mut findings);
    told::check(&events, &exchanges, &mut findings);
    deadlines::check(&events, remains, &mut findings)?;
    secrecy::check(&events, &exchanges, remains, &mut findings);
    answers::check(&exchanges, remains, &mut findings);
    views::check(&messages, remains, &mut findings)?;
    Ok(findings.0)
}
