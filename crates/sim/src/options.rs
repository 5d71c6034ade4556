//! The command line of `cargo xtask sim`.

use clap::Args;

/// Run clawstead through seeded schedules of faults, in virtual time, and check what it promises
///
/// The built components run on the local host in this process; Telegram, Fly, workers, operators and consumer apps are played.
/// The same seed gives the same run. A seed that fails is shrunk to the shortest schedule that can be found, and the command
/// that replays it is printed.
#[derive(Args, Clone, Debug)]
pub(crate) struct SimOptions {
    /// How many seeds
    #[arg(long, default_value_t = 50)]
    pub(crate) seeds: u64,
    /// This seed alone
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// The first of the seeds
    #[arg(long, default_value_t = 1)]
    pub(crate) first: u64,
    /// Steps of a schedule
    #[arg(long, default_value_t = 60)]
    pub(crate) steps: u64,
    /// Kinds of faults: telegram, fly, machines, workers, apps, database, kill, restart, clock, frozen; all when missing, `none` for none
    #[arg(long, value_delimiter = ',')]
    pub(crate) faults: Option<Vec<String>>,
    /// Of the steps of the schedule, these alone, by their numbers
    #[arg(long, value_delimiter = ',')]
    pub(crate) only: Option<Vec<usize>>,
    /// Print everything that happened
    #[arg(long)]
    pub(crate) log: bool,
    /// Print how often each kind of fault was met
    #[arg(long)]
    pub(crate) met: bool,
    /// Go on after a seed that fails
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Leave a failing schedule as long as it is
    #[arg(long)]
    pub(crate) no_shrink: bool,
    /// Run the components that `cargo xtask build --mistakes` breaks on purpose, with this mistake; `none` for none
    #[arg(long)]
    pub(crate) mistake: Option<String>,
    /// Run the components as they were last built
    #[arg(long)]
    pub(crate) no_build: bool,
}
