//! What is done to clawstead in a run, and when: a list that a seed decides, and of which any part can be left out.

pub(crate) mod draw;

use clap::ValueEnum;
use clawstead_host::Fault;

use crate::history::Place;
use crate::wire::{Effect, Link};

pub use draw::draw;

/// Kinds of faults, to be switched one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Class {
    /// Updates that are late or come again, a Bot API in trouble
    Telegram,
    /// A Machines API that is slow, loses answers, refuses, has no room
    Fly,
    /// Machines that die, processes that crash
    Machines,
    /// Workers that cannot be heard for a while, and are late
    Workers,
    /// Consumer apps and ticks that lose answers
    Apps,
    /// Statements that fail, a database that is busy
    Database,
    /// Components killed between two host calls
    Kill,
    /// The host killed and started again
    Restart,
    /// The host's clock set forward
    Clock,
    /// The host frozen for a while: nothing of it goes on, and time does
    Frozen,
}

/// One thing that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When, ms after the faults begin.
    pub at_ms: u64,
    /// What.
    pub action: Action,
}

/// What a message does to whoever works on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burden {
    /// It takes so long, s.
    pub seconds: u64,
    /// It fails so often before it works.
    pub failures: u64,
}

/// Things that are done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A person writes to a bot.
    Say {
        /// Which person.
        chat: u64,
        /// What it does.
        burden: Burden,
    },
    /// A consumer app enqueues.
    Enqueue {
        /// In which of its conversations.
        conversation: u64,
        /// Under which idempotency key.
        key: u64,
        /// So many requests at once with that key.
        copies: u64,
        /// 0 to 100.
        priority: u64,
        /// Not before, ms from now.
        in_ms: u64,
        /// What it does.
        burden: Burden,
    },
    /// Two people bring the same pairing code at once.
    PairingRace {
        /// Which race.
        race: u64,
    },
    /// A pairing code that nobody brings.
    PairingForgotten,
    /// A message is cancelled.
    Cancel {
        /// Which of the accepted ones.
        nth: u64,
    },
    /// A message is put off.
    Reschedule {
        /// Which of the accepted ones.
        nth: u64,
        /// So long, ms.
        by_ms: u64,
    },
    /// All dead letters are replayed.
    ReplayAll,
    /// A message that may be a dead letter is put away.
    Discard {
        /// Which of the accepted ones.
        nth: u64,
    },
    /// An agent is disabled or enabled.
    Agent {
        /// Which.
        agent: u64,
        /// Whether it gets work.
        enabled: bool,
    },
    /// A bot is linked again, which gives its webhook another secret.
    RotateSecret {
        /// Of which agent.
        agent: u64,
    },
    /// The cap on machines is changed.
    Machines {
        /// To this.
        max: u64,
    },
    /// The length of leases is changed.
    Leases {
        /// To this, ms.
        lease_ms: u64,
    },
    /// So many ticks at once.
    Ticks {
        /// How many.
        count: u64,
    },
    /// Somebody has all views made anew.
    Rebuild,
    /// Requests meet a trouble.
    Trouble {
        /// Which fault this is.
        class: Class,
        /// On this link.
        link: Link,
        /// What becomes of them.
        effect: Effect,
        /// Of so many.
        times: u64,
    },
    /// Fly has no room for a while.
    Full {
        /// So long, ms.
        ms: u64,
    },
    /// The host of a machine dies.
    KillMachine {
        /// Which of those that live.
        nth: u64,
    },
    /// The process in a machine dies.
    CrashMachine {
        /// Which of those that live.
        nth: u64,
    },
    /// A statement goes wrong.
    Statement {
        /// One of these.
        which: Statements,
        /// After so many of them that go well.
        skip: u64,
        /// How.
        fault: StatementFault,
        /// So many times.
        times: u64,
    },
    /// Another process holds the database's lock.
    Lock {
        /// So long, ms.
        ms: u64,
    },
    /// The host is killed, and started again.
    Restart {
        /// So much later, ms.
        down_ms: u64,
    },
    /// The host's wall clock is set forward.
    SetForward {
        /// By so much.
        ms: u64,
    },
    /// The host is frozen, as a virtual machine that is moved, with all that it is about to do.
    Freeze {
        /// So long, ms.
        ms: u64,
    },
}

/// Some of the statements that guests run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statements {
    /// All of this component; empty for any.
    Of(&'static str),
    /// Those by which this component appends to the log.
    Appends(&'static str),
    /// Those by which anybody appends an event of this type.
    Events(&'static str),
}

/// How a statement goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementFault {
    /// The disk is full.
    Full,
    /// The disk does not work.
    Io,
    /// The lock was not to be had.
    Busy,
    /// The component is killed before it.
    KilledBefore,
    /// The component is killed after it.
    KilledAfter,
}

impl StatementFault {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Full, Self::Io, Self::Busy, Self::KilledBefore, Self::KilledAfter];

    /// What the host is told to do.
    pub(crate) fn fault(self) -> Fault {
        match self {
            Self::Full => Fault::Fails("database or disk is full".to_owned()),
            Self::Io => Fault::Fails("disk I/O error".to_owned()),
            Self::Busy => Fault::Busy,
            Self::KilledBefore => Fault::KilledBefore,
            Self::KilledAfter => Fault::KilledAfter,
        }
    }

    /// What it is done to.
    pub(crate) fn place(self) -> Place {
        match self {
            Self::Full | Self::Io | Self::Busy => Place::Database,
            Self::KilledBefore | Self::KilledAfter => Place::Process,
        }
    }
}

impl Action {
    /// The kind of fault that this is; none for what simply happens in a day.
    pub fn class(&self) -> Option<Class> {
        Some(match self {
            Self::Trouble { class, .. } => *class,
            Self::Full { .. } => Class::Fly,
            Self::KillMachine { .. } | Self::CrashMachine { .. } => Class::Machines,
            Self::Statement { fault: StatementFault::KilledBefore | StatementFault::KilledAfter, .. } => Class::Kill,
            Self::Statement { .. } | Self::Lock { .. } => Class::Database,
            Self::Restart { .. } => Class::Restart,
            Self::SetForward { .. } => Class::Clock,
            Self::Freeze { .. } => Class::Frozen,
            _ => return None,
        })
    }
}
