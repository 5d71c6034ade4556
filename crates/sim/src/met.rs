//! How often each kind of fault was met. One that is drawn and never met proves nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::Result;
use clawstead_host::Statement;

use crate::check::tally;
use crate::schedule::{StatementFault, draw};
use crate::wire::{Effect, Link};
use crate::world::Remains;

/// A request or a statement that waited because the host was frozen.
pub(crate) const FROZEN: &str = "host frozen";

/// A machine that was refused because there was no room.
const NO_ROOM: &str = "no room";

/// Those that come in one kind.
const SINGLE: [&str; 7] =
    ["clock set forward", "database locked", "host restarted", "machine crashed", "machine killed", FROZEN, NO_ROOM];

/// Moments at which every kind of trouble of a statement is to be met.
const MOMENTS: [&str; 5] = ["enqueue", "claim", "complete", "the tick's append", "a read"];

/// Kinds of faults, and how often each was met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Met(BTreeMap<String, u64>);

impl Met {
    /// Those of a run.
    ///
    /// # Errors
    /// The database of the run cannot be read.
    pub fn of(remains: &Remains) -> Result<Self> {
        let mut met = remains.history.all_met();
        if let Some(times) = tally(remains)?.get("CapacityRefused") {
            met.add(NO_ROOM.to_owned(), *times);
        }
        Ok(met)
    }

    pub(crate) fn add(&mut self, kind: String, times: u64) {
        *self.0.entry(kind).or_default() += times;
    }

    /// Those of another run as well.
    pub fn extend(&mut self, other: Self) {
        for (kind, times) in other.0 {
            self.add(kind, times);
        }
    }

    /// The kinds that schedules have and that were not met.
    pub fn missing(&self) -> BTreeSet<String> {
        kinds().into_iter().filter(|kind| !self.0.contains_key(kind)).collect()
    }
}

impl fmt::Display for Met {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(kind, times)| writeln!(formatter, "{times:>6}  {kind}"))
    }
}

/// All kinds that are to be met.
fn kinds() -> Vec<String> {
    let wire = draw::LINKS.iter().flat_map(|(_, link)| Effect::NAMES.map(|effect| on_the_wire(*link, effect)));
    let statements = StatementFault::ALL.iter().flat_map(|fault| MOMENTS.map(|moment| at_a_statement(*fault, moment)));
    wire.chain(statements).chain(SINGLE.map(str::to_owned)).collect()
}

/// A request met this.
pub(crate) fn on_the_wire(link: Link, effect: &str) -> String {
    format!("{}: {effect}", link.name())
}

/// A statement met this.
pub(crate) fn at_a_statement(fault: StatementFault, moment: &str) -> String {
    format!("{fault:?} at {moment}")
}

/// What a statement is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment<'a> {
    /// It sets up a connection.
    Setting,
    /// It reads.
    Read,
    /// It appends events, the first of this type.
    Append(&'a str),
    /// It writes an operational table.
    Write,
}

impl<'a> Moment<'a> {
    pub(crate) fn of(statement: &Statement<'a>) -> Self {
        let mut words = statement.sql.split_whitespace();
        match (words.next().unwrap_or_default(), words.nth(1).unwrap_or_default()) {
            ("PRAGMA", _) => Self::Setting,
            ("SELECT", _) => Self::Read,
            // Its texts: who appends, the stream, the type of the first event.
            ("INSERT", table) if table.ends_with("_intake") => Self::Append(statement.texts().nth(2).unwrap_or_default()),
            _ => Self::Write,
        }
    }

    /// The type of the event, if it appends one.
    pub(crate) fn event(self) -> Option<&'a str> {
        if let Self::Append(event) = self { Some(event) } else { None }
    }

    pub(crate) fn writes(self) -> bool {
        matches!(self, Self::Append(_) | Self::Write)
    }

    pub(crate) fn name(self, component: &str) -> &'static str {
        match self {
            Self::Setting => "a setting",
            Self::Read => "a read",
            Self::Write => "a write beside the log",
            Self::Append(_) if component == "fly-reconciler" => "the tick's append",
            Self::Append("MessageEnqueued") => "enqueue",
            Self::Append("MessageClaimed") => "claim",
            Self::Append("MessageCompleted") => "complete",
            Self::Append(_) => "another append",
        }
    }
}
