//! The command line of `cargo xtask bench`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Put load on clawstead on this machine, and compare with what the machine can do
///
/// The built components run on the local host, in this process; clients speak HTTP to it over the loopback interface.
/// Nothing else should run meanwhile: a figure is only as quiet as the machine. Medians of repeated runs are printed, with the
/// smallest and the largest.
///
/// Without a name of a suite, all of them are run, and written up in a folder.
#[derive(Args, Clone, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct BenchOptions {
    #[command(subcommand)]
    pub(crate) suite: Option<Suite>,
    #[command(flatten)]
    pub(crate) all: AllOptions,
    /// Run the components as they were last built
    #[arg(long, global = true)]
    pub(crate) no_build: bool,
}

/// What is measured.
#[derive(Subcommand, Clone, Debug)]
pub(crate) enum Suite {
    /// Enqueue, claim and complete, whole life cycles, and the time from webhook to claim
    Queue(QueueOptions),
    /// How fast the webhook answers, and whether ten thousand mixed updates lose or double anything
    Telegram(TelegramOptions),
}

/// How much is measured, and where it is written up.
#[derive(Args, Clone, Debug)]
pub(crate) struct AllOptions {
    #[command(flatten)]
    pub(crate) queue: QueueOptions,
    /// Numbers of messages at which statements alone and the rebuild are measured; of conversations, workers and events the first and the
    /// last of them
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000, 1_000_000])]
    pub(crate) growth: Vec<u64>,
    /// Write `performance.md`, `performance.svg` and `performance.json` here
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
}

/// How much is measured.
#[derive(Args, Clone, Debug)]
pub(crate) struct QueueOptions {
    /// One run of a second each, at 1 k and 20 k queued messages, with 1 and 16 clients: about a minute
    #[arg(long)]
    pub(crate) quick: bool,
    /// Runs of each measurement
    #[arg(long, default_value_t = 3)]
    pub(crate) runs: usize,
    /// Seconds of each run
    #[arg(long, default_value_t = 2)]
    pub(crate) seconds: u64,
    /// Numbers of clients
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64])]
    pub(crate) clients: Vec<usize>,
    /// Numbers of queued messages
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 1_000_000])]
    pub(crate) queued: Vec<u64>,
    /// Durability settings
    #[arg(long, value_delimiter = ',', default_values_t = ["normal".to_owned(), "full".to_owned()])]
    pub(crate) durability: Vec<String>,
    /// Also write the figures to this file, as JSON
    #[arg(long)]
    pub(crate) json: Option<PathBuf>,
}

/// How much is measured.
#[derive(Args, Clone, Debug)]
pub(crate) struct TelegramOptions {
    /// Runs of each measurement
    #[arg(long, default_value_t = 3)]
    pub(crate) runs: usize,
    /// Seconds of each run
    #[arg(long, default_value_t = 2)]
    pub(crate) seconds: u64,
    /// Numbers of clients
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16])]
    pub(crate) clients: Vec<usize>,
    /// Mixed updates, besides those that are delivered twice
    #[arg(long, default_value_t = 10_000)]
    pub(crate) updates: u64,
    /// Durability setting
    #[arg(long, default_value = "normal")]
    pub(crate) durability: String,
}
